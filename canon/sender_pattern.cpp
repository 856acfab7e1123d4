#include "canon/sender_pattern.hpp"

#include <algorithm>

#include "canon/domain_name.hpp"
#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {
namespace {

constexpr auto npos = std::string_view::npos;

// The characters of a local part without quotes (RFC 5322 §3.2.3, RFC 6532 §3.2), and the *.
bool is_local_byte(char c) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~.";
  return is_alnum(c) || !is_ascii(c) || others.find(c) != npos;
}

// Returns a label, or the part of one between two stars, with U-labels converted to A-labels.
Result<std::string> parse_label(std::string_view label) {
  if (std::all_of(label.begin(), label.end(), is_ascii)) return lower_case(label);
  if (label.find('*') != npos) return Refusal{"a * within an international label", label.find('*')};
  auto name = DomainName::parse(label);
  if (!name) return name.refusal();
  return name->str();
}

// Could a domain match if each * were a letter? If not, no domain matches.
std::optional<Refusal> domain_trouble(std::string pattern) {
  if (pattern.starts_with('[') && pattern.ends_with(']')) return std::nullopt;  // a literal is kept as it is
  if (pattern.starts_with('.'))
    return Refusal{"a domain that begins with a dot: *@*.example.com stands for all subdomains", 0};
  if (pattern.ends_with('.')) return Refusal{"a domain that ends with a dot", pattern.size() - 1};
  std::replace(pattern.begin(), pattern.end(), '*', 'x');
  return check_labels(pattern);
}

Result<std::string> parse_domain_pattern(std::string_view text) {
  if (text.empty()) return Refusal{"no domain after the @", 0};
  std::string out;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('.', start), text.size());
    auto label = parse_label(text.substr(start, end - start));
    if (!label) return label.refusal();
    out += (start == 0 ? "" : ".") + *label;
    start = end + 1;
  }
  if (auto trouble = domain_trouble(out)) return *std::move(trouble);
  return out;
}

}  // namespace

Result<std::string> parse_sender_pattern(std::string_view text) {
  if (text == "*") return std::string(text);
  if (text.empty()) return Refusal{"empty", 0};
  const auto at = text.find('@');
  if (at == npos) return Refusal{"without an @: *@example.com stands for a whole domain", text.size()};
  if (text.find('@', at + 1) != npos) return Refusal{"an address with two @", text.find('@', at + 1)};
  const auto local = text.substr(0, at);
  const auto odd = std::find_if_not(local.begin(), local.end(), is_local_byte);
  if (odd != local.end()) {
    return Refusal{
        "an address with a byte that no local part has: only the address itself, without <>, quotes "
        "or white space",
        static_cast<std::size_t>(odd - local.begin())};
  }
  auto domain = parse_domain_pattern(text.substr(at + 1));
  if (!domain) return Refusal{domain.refusal().reason, at + 1 + domain.refusal().byte};
  return (local.empty() ? "*" : lower_case(local)) + "@" + *domain;
}

std::optional<std::size_t> SeenPatterns::add(const std::string& pattern) {
  // If an earlier pattern matches this one's text, its stars cover this one's stars, whatever these match.
  const std::string domain = pattern.substr(pattern.find('@') + 1);
  for (const auto& covering : {pattern, "*@" + domain}) {
    if (const auto known = common_.find(covering); known != common_.end()) return known->second;
  }
  for (const auto& [other, number] : others_) {
    if (matches_wildcard(other, pattern)) return number;
  }
  const bool is_common = domain.find('*') == std::string::npos &&
                         (pattern.find('*') == std::string::npos || pattern == "*@" + domain);
  if (is_common) {
    common_.emplace(pattern, count_);
  } else {
    others_.emplace_back(pattern, count_);
  }
  ++count_;
  return std::nullopt;
}

}  // namespace dkim::canon
