#include "canon/typed_names.hpp"

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

// Returns a refusal with the name that was probably meant, if that is valid.
template <typename Name>
Refusal meant(std::string reason, std::string_view advice, const Result<Name>& name) {
  if (name) reason += std::string("; ") + std::string(advice) + name->str();
  return {std::move(reason), 0};
}

}  // namespace

Result<DomainName> parse_typed_domain(std::string_view text) {
  constexpr std::string_view advice = "give the domain alone: ";
  if (const auto at = text.rfind('@'); at != npos)
    return meant("an address", advice, parse_typed_domain(text.substr(at + 1)));
  auto domain = DomainName::parse(text);
  if (!domain) return domain;
  const auto& name = domain->str();
  if (const auto label = find_record_label(name); label != npos) {
    const auto rest = std::min(label + record_label.size() + 1, name.size());
    return meant("the name of a record", advice, parse_typed_domain(std::string_view(name).substr(rest)));
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
  return meant("the name of a record", "give the selector alone: ",
               Selector::parse(std::string_view(name).substr(0, label == 0 ? 0 : label - 1)));
}

}  // namespace dkim::canon
