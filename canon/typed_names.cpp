#include "canon/typed_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

constexpr auto npos = std::string::npos;
constexpr std::string_view record_label = "_domainkey";

// Returns where the label _domainkey begins in a name in lower case.
std::size_t find_record_label(std::string_view name) {
  for (std::size_t at = name.find(record_label); at != npos; at = name.find(record_label, at + 1)) {
    const std::size_t end = at + record_label.size();
    if ((at == 0 || name[at - 1] == '.') && (end == name.size() || name[end] == '.')) return at;
  }
  return npos;
}

// Returns a refusal that names the domain that was probably meant, if that is valid.
Refusal not_a_domain(std::string_view what, const Result<DomainName>& meant) {
  return {meant ? fmt::format("{}; give the domain alone: {}", what, meant->str()) : std::string(what), 0};
}

}  // namespace

Result<DomainName> parse_typed_domain(std::string_view text) {
  if (const auto at = text.rfind('@'); at != npos)
    return not_a_domain("an address", parse_typed_domain(text.substr(at + 1)));
  auto domain = DomainName::parse(text);
  if (!domain) return domain;
  const auto& name = domain->str();
  if (const auto label = find_record_label(name); label != npos) {
    const auto rest = std::min(label + record_label.size() + 1, name.size());
    return not_a_domain("the name of a record", parse_typed_domain(std::string_view(name).substr(rest)));
  }
  const auto dot = name.rfind('.');
  if (dot == npos) return Refusal{"a name of one label, which no mail comes from", 0};
  if (std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), is_digit))
    return Refusal{"the address of a host", 0};
  return domain;
}

Result<Selector> parse_typed_selector(std::string_view text) {
  const std::string name = lower_case(text);
  const auto label = find_record_label(name);
  if (label == npos) return Selector::parse(text);
  const auto meant = Selector::parse(std::string_view(name).substr(0, label == 0 ? 0 : label - 1));
  if (!meant) return Refusal{"the name of a record", 0};
  return Refusal{fmt::format("the name of a record; give the selector alone: {}", meant->str()), 0};
}

}  // namespace dkim::canon
