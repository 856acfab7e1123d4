#include "keytool/doctor/domain/report_address.hpp"

#include <algorithm>

#include "canon/domain_name.hpp"
#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

// unreserved / gen-delims / sub-delims of RFC 3986 §2, without the "," and "!" that DMARC uses itself.
bool is_uri_character(char c) {
  return canon::is_alnum(c) || std::string_view("-._~:/?#[]@$&'()*+;=").find(c) != std::string_view::npos;
}

// Decodes %XX. Returns nothing if a "%" begins no such code, or a character must not be in a URI.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto high = i + 2 < text.size() ? canon::hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? canon::hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return {};
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else if (is_uri_character(text[i])) {
      out += text[i];
    } else {
      return {};
    }
  }
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && canon::is_alpha(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return canon::is_alnum(c) || c == '+' || c == '-' || c == '.';
  });
}

// "!" 1*DIGIT [ "k" / "m" / "g" / "t" ]
bool is_limit(std::string_view text) {
  if (text.empty()) return false;
  const auto unit = canon::to_lower(text.back());
  if (unit == 'k' || unit == 'm' || unit == 'g' || unit == 't') text.remove_suffix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), canon::is_digit);
}

canon::Result<std::string> mail_domain(std::string_view rest) {
  const auto address = decoded(rest.substr(0, rest.find('?')));
  const auto at = address ? address->rfind('@') : std::string::npos;
  if (at == std::string::npos || at == 0) return canon::Refusal{"is not a mail address", 0};
  const auto domain = canon::DomainName::parse(std::string_view(*address).substr(at + 1));
  if (!domain) return canon::Refusal{"is not a mail address: its domain is invalid", 0};
  return domain->str();
}

}  // namespace

canon::Result<ReportAddress> parse_report_address(std::string_view text) {
  ReportAddress address;
  if (text.empty()) return canon::Refusal{"is empty", 0};
  if (const auto mark = text.find('!'); mark != std::string_view::npos) {
    address.limit = text.substr(mark + 1);
    if (!is_limit(address.limit)) return canon::Refusal{"contains a \"!\" that is not written as %21", mark};
    text = text.substr(0, mark);
  }
  address.uri = text;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) {
    const bool mail = text.find('@') != std::string_view::npos;
    return canon::Refusal{mail ? "lacks mailto: before it" : "is not a URI", 0};
  }
  if (!decoded(text.substr(colon + 1))) return canon::Refusal{"contains what no URI may contain", colon + 1};
  if (!canon::equal_ignoring_case(text.substr(0, colon), "mailto")) return address;
  auto domain = mail_domain(text.substr(colon + 1));
  if (!domain) return domain.refusal();
  address.domain = *std::move(domain);
  return address;
}

}  // namespace dkim::keytool
