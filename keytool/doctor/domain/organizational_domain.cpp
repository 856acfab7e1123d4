#include "keytool/doctor/domain/organizational_domain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/labels.hpp"

namespace dkim::keytool {
namespace {

// A domain with more labels is cut to this many for the second question.
constexpr std::ptrdiff_t most_labels = 7;
constexpr std::size_t longest_name = 253;

std::string_view top_label(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

// Returns the name directly below the domain on the way to `name`.
std::string child_towards(const std::string& name, const std::string& domain) {
  const auto end = name.size() - domain.size() - 1;
  const auto dot = end == 0 ? std::string::npos : name.rfind('.', end - 1);
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

bool ends_walk(const DmarcRecord& record) {
  return record.public_suffix != PublicSuffix::unsaid;
}

// Adds what is at one name. Several records count as none (steps 2 and 6).
void add_texts(TreeWalk& walk, const std::string& owner, const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(records), is_dmarc_record);
  if (records.size() == 1) {
    walk.found.push_back({owner, records.front(), *read_dmarc_record(records.front())});
  } else if (records.size() > 1) {
    walk.ignored.push_back(
        {owner, fmt::format("is there {} times, and receivers use none of them", records.size()), {}});
  } else {
    for (const auto& text : texts) {
      const auto why = why_no_dmarc_record(text);
      if (!why) continue;
      walk.ignored.push_back({owner, fmt::format("{}, and receivers ignore it", *why), text});
      return;
    }
  }
}

}  // namespace

std::vector<std::string> domains_to_walk(const std::string& domain) {
  std::vector<std::string> domains{domain};
  std::string rest = domain;
  auto dots = std::count(rest.begin(), rest.end(), '.');
  while (dots > 0) {
    do {
      rest.erase(0, rest.find('.') + 1);
      --dots;
    } while (dots >= most_labels);
    domains.push_back(rest);
  }
  return domains;
}

TreeWalk walk_up(Lookup& lookup, const std::string& domain) {
  TreeWalk walk{domain, {}, {}, {}};
  for (const auto& owner : domains_to_walk(domain)) {
    const std::string name = "_dmarc." + owner;
    if (name.size() > longest_name) continue;  // cannot be in DNS
    const auto texts = lookup.ask(name, RecordType::txt);
    if (!texts) {
      walk.trouble = TreeWalk::Trouble{owner, texts.refusal().reason};
      break;
    }
    add_texts(walk, owner, *texts);
    if (!walk.found.empty() && walk.found.back().owner == owner && ends_walk(walk.found.back().record)) break;
  }
  return walk;
}

std::optional<std::string> TreeWalk::organization() const {
  // psd= ends a walk: whatever is above does not matter then, and no trouble can follow.
  if (trouble) return {};
  if (found.empty()) return start;
  const auto& last = found.back();
  if (last.record.public_suffix == PublicSuffix::yes && last.owner != start) {
    return child_towards(start, last.owner);
  }
  return last.owner;
}

const FoundDmarcRecord* TreeWalk::policy() const {
  if (!found.empty() && found.front().owner == start) return &found.front();
  const auto organization_name = organization();
  if (!organization_name || found.empty()) return nullptr;
  const auto own = std::find_if(found.begin(), found.end(),
                                [&](const auto& entry) { return entry.owner == *organization_name; });
  if (own != found.end()) return &*own;
  return found.back().record.public_suffix == PublicSuffix::yes ? &found.back() : nullptr;
}

std::optional<bool> is_of_organization(Lookup& lookup, const TreeWalk& walk, const std::string& domain) {
  if (domain == walk.start) return true;
  if (top_label(domain) != top_label(walk.start)) return false;
  const auto organization = walk.organization();
  if (!organization) return {};
  // An organization is its domains' own name or an end of it.
  if (domain != *organization && !canon::is_below(domain, *organization)) return false;
  const auto other = walk_up(lookup, domain).organization();
  if (!other) return {};
  return *other == *organization;
}

}  // namespace dkim::keytool
