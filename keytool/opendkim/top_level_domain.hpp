// Guesses whether a file name is a domain, or a domain with a selector.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool::opendkim {

// Returns whether the last label is a country's code or one of the most common top-level domains. A selector
// may be one of those too: then a person has to decide.
inline bool ends_like_a_domain(std::string_view name) {
  constexpr std::string_view endings =
      " com net org info biz edu gov mil int name pro app dev xyz online shop site cloud tech store blog "
      "arpa ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs "
      "bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg "
      "er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn "
      "hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li "
      "lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne "
      "nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
      "sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr "
      "tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ";
  const auto dot = name.rfind('.');
  const auto last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  return last.starts_with("xn--") ||
         (!last.empty() && endings.find(" " + std::string(last) + " ") != std::string_view::npos);
}

}  // namespace dkim::keytool::opendkim
