#include "keytool/messages/damage/body_repairs.hpp"

#include <array>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "keytool/messages/damage/lines.hpp"
#include "keytool/messages/damage/quoted_printable.hpp"

namespace dkim::keytool {
namespace {

template <typename Change>
std::string each_line(std::string_view body, Change change) {
  std::string out;
  out.reserve(body.size());
  while (!body.empty())
    change(out, take_line(body));
  return out;
}

std::string replaced(std::string_view body, std::string_view what, std::string_view by) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = body.find(what); at != std::string_view::npos; at = body.find(what)) {
    out += body.substr(0, at);
    out += by;
    body.remove_prefix(at + what.size());
  }
  return out += body;
}

std::string unescape_from(std::string_view body) {
  return each_line(body, [](std::string& out, std::string_view line) {
    out += line.substr(line.starts_with(">From ") ? 1 : 0);
  });
}

std::string take_dots_off(std::string_view body) {
  return each_line(body, [](std::string& out, std::string_view line) {
    out += line.substr(line.starts_with("..") ? 1 : 0);
  });
}

std::string put_dots_back(std::string_view body) {
  return each_line(body, [](std::string& out, std::string_view line) {
    if (line.starts_with('.')) out += '.';
    out += line;
  });
}

std::string restore_signature_dashes(std::string_view body) {
  return each_line(
      body, [](std::string& out, std::string_view line) { out += line == "--\r\n" ? "-- \r\n" : line; });
}

std::string drop_doubled_cr(std::string_view body) {
  return replaced(body, "\r\r\n", "\r\n");
}

std::string drop_doubled_lines(std::string_view body) {
  return replaced(body, "\r\n\r\n", "\r\n");
}

std::string end_lines_at_cr(std::string_view body) {
  return replaced(replaced(body, "\r\n", "\r"), "\r", "\r\n");
}

std::string put_empty_line_back(std::string_view body) {
  return "\r\n" + std::string(body);
}

// Where a line was cut at the limit of RFC 5321 §4.5.3.1.6 (998, or what sendmail takes for it). What stands
// at the cut is what the mailer put there; a cut line's rest may be longer by the white space that begins it.
template <std::size_t Width>
std::string join_lines(std::string_view body, std::string_view before, std::string_view after) {
  std::string out;
  out.reserve(body.size());
  bool continued = false;
  while (!body.empty()) {
    std::string_view line = take_line(body);
    const std::size_t full = Width + before.size();
    const std::string_view text = line.substr(continued ? after.size() : 0);
    continued = text.size() == full + 2 && text.ends_with("\r\n") && text.substr(0, full).ends_with(before) &&
                body.starts_with(after);
    out += continued ? text.substr(0, Width) : text;
  }
  return out;
}

std::string join_as_postfix_cuts(std::string_view body) {
  return join_lines<998>(body, "", " ");
}
std::string join_as_old_postfix_cuts(std::string_view body) {
  return join_lines<990>(body, "", " ");
}
std::string join_at_998(std::string_view body) {
  return join_lines<998>(body, "", "");
}
std::string join_at_990(std::string_view body) {
  return join_lines<990>(body, "", "");
}
std::string join_as_sendmail_cuts(std::string_view body) {
  return join_lines<989>(body, "!", " ");
}

std::string decode_base64(std::string_view body) {
  const auto octets = crypto::base64_decode(canon::without_fws(body));
  return octets ? std::string(octets->begin(), octets->end()) : std::string();
}

constexpr std::array repairs{
    BodyRepair{"the quoted-printable that its 8-bit octets were recoded to is decoded",
               decode_quoted_printable},
    BodyRepair{"the quoted-printable that its 8-bit parts were recoded to is decoded", decode_parts},
    BodyRepair{"the base64 that it was recoded to is decoded", decode_base64},
    BodyRepair{"the lines that were cut at 998 octets are joined again", join_as_postfix_cuts},
    BodyRepair{"the lines that were cut at 990 octets are joined again", join_as_old_postfix_cuts},
    BodyRepair{"the lines that were cut at 998 octets are joined again", join_at_998},
    BodyRepair{"the lines that were cut at 990 octets are joined again", join_at_990},
    BodyRepair{"the lines that were cut by \"!\" are joined again", join_as_sendmail_cuts},
    BodyRepair{"the space at the end of the lines \"-- \" is put back: white space at line ends was lost",
               restore_signature_dashes},
    BodyRepair{"\">From \" at line beginnings is \"From \" again", unescape_from},
    BodyRepair{"one of two dots at line beginnings is taken off", take_dots_off},
    BodyRepair{"a dot at line beginnings, lost in SMTP, is put back", put_dots_back},
    BodyRepair{"the second CR in line ends (CR CR LF) is taken off", drop_doubled_cr},
    BodyRepair{"each line end is one instead of two", drop_doubled_lines},
    BodyRepair{"each CR ends a line", end_lines_at_cr},
    BodyRepair{"an empty line is put back at the beginning", put_empty_line_back},
};

}  // namespace

std::span<const BodyRepair> body_repairs() {
  return repairs;
}

}  // namespace dkim::keytool
