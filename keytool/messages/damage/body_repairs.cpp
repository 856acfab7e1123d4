#include "keytool/messages/damage/body_repairs.hpp"

#include <array>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "keytool/messages/damage/lines.hpp"
#include "keytool/messages/damage/quoted_printable.hpp"
#include "keytool/messages/damage/replaced.hpp"

namespace dkim::keytool {
namespace {

template <typename Change>
std::string each_line(std::string_view body, Change change) {
  std::string out;
  out.reserve(body.size());
  while (!body.empty())
    out += change(take_line(body));
  return out;
}

std::string unescape_from(std::string_view body) {
  return each_line(body,
                   [](std::string_view line) { return line.substr(line.starts_with(">From ") ? 1 : 0); });
}

std::string remove_doubled_dots(std::string_view body) {
  return each_line(body, [](std::string_view line) { return line.substr(line.starts_with("..") ? 1 : 0); });
}

std::string restore_dots(std::string_view body) {
  return each_line(body, [](std::string_view line) {
    return line.starts_with('.') ? "." + std::string(line) : std::string(line);
  });
}

std::string restore_signature_dashes(std::string_view body) {
  return each_line(body, [](std::string_view line) { return line == "--\r\n" ? "-- \r\n" : line; });
}

std::string remove_doubled_cr(std::string_view body) {
  return replaced(body, "\r\r\n", "\r\n");
}

std::string remove_doubled_lines(std::string_view body) {
  return replaced(body, "\r\n\r\n", "\r\n");
}

std::string end_lines_at_cr(std::string_view body) {
  return replaced(replaced(body, "\r\n", "\r"), "\r", "\r\n");
}

std::string restore_empty_line(std::string_view body) {
  return "\r\n" + std::string(body);
}

// Joins lines that were cut at the limit of RFC 5321 §4.5.3.1.6 (998, or what sendmail takes for it). before
// and after are what the mailer inserted on both sides of the cut; the rest of a cut line may be longer by
// the white space at its beginning.
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
  const auto bytes = crypto::base64_decode(canon::without_fws(body));
  return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
}

constexpr std::array repairs{
    BodyRepair{"the body is decoded from quoted-printable: its 8-bit text was recoded",
               decode_quoted_printable},
    BodyRepair{"its parts are decoded from quoted-printable: their 8-bit text was recoded", decode_parts},
    BodyRepair{"the body is decoded from base64: it was recoded", decode_base64},
    BodyRepair{"the lines that were cut at 998 bytes are joined again", join_as_postfix_cuts},
    BodyRepair{"the lines that were cut at 990 bytes are joined again", join_as_old_postfix_cuts},
    BodyRepair{"the lines that were cut at 998 bytes are joined again", join_at_998},
    BodyRepair{"the lines that were cut at 990 bytes are joined again", join_at_990},
    BodyRepair{"the lines that were cut with \"!\" are joined again", join_as_sendmail_cuts},
    BodyRepair{"the space at the end of the lines \"-- \" is restored: white space at line ends was lost",
               restore_signature_dashes},
    BodyRepair{"\">From \" at the beginning of lines is \"From \" again", unescape_from},
    BodyRepair{"one of two dots at the beginning of lines is removed", remove_doubled_dots},
    BodyRepair{"a dot at the beginning of lines, lost in SMTP, is restored", restore_dots},
    BodyRepair{"the second CR in line ends (CR CR LF) is removed", remove_doubled_cr},
    BodyRepair{"each doubled line end is a single one", remove_doubled_lines},
    BodyRepair{"each CR ends a line", end_lines_at_cr},
    BodyRepair{"an empty line at the beginning is restored", restore_empty_line},
};

}  // namespace

std::span<const BodyRepair> body_repairs() {
  return repairs;
}

}  // namespace dkim::keytool
