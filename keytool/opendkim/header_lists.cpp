#include "keytool/opendkim/header_lists.hpp"

#include <algorithm>

#include "canon/field_policy.hpp"
#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& known) { return canon::equal_ignoring_case(known, name); });
}

void remove(std::vector<std::string>& names, std::string_view name) {
  std::erase_if(names, [&](const auto& known) { return canon::equal_ignoring_case(known, name); });
}

struct NameList {
  bool changes_default = false;
  std::vector<std::string> added;
  std::vector<std::string> removed;
};

NameList read_list(const DataSet& data, const std::string& setting, Remarks& remarks) {
  NameList list;
  for (const auto& entry : data.entries)
    list.changes_default = list.changes_default || entry.key == "*";
  for (const auto& entry : data.entries) {
    if (entry.key == "*") continue;
    const bool has_sign = list.changes_default && (entry.key[0] == '+' || entry.key[0] == '-');
    const std::string name = entry.key.substr(has_sign ? 1 : 0);
    if (has_sign && entry.key[0] == '-') {
      list.removed.push_back(name);
    } else if (name.find('*') != std::string::npos) {
      remarks.push_back(not_taken(entry.place, setting + ": " + name + ": patterns of names are not taken"));
    } else if (!canon::FieldPolicy::from_lists({name, "From"}, {})) {
      if (name != ".") remarks.push_back(not_taken(entry.place, setting + ": " + name + " is no field name"));
    } else if (!contains(list.added, name)) {
      list.added.push_back(name);
    }
  }
  return list;
}

std::vector<std::string> names_of(std::span<const std::string_view> defaults) {
  return {defaults.begin(), defaults.end()};
}

// A list of plain names, or of changes to the default; never empty where it replaces one.
std::vector<std::string> plan_signed(const NameList& list, const std::vector<std::string>& omitted) {
  const auto defaults = names_of(canon::default_signed_fields());
  if (!list.changes_default) {
    auto names = list.added;
    for (const auto& name : omitted)
      remove(names, name);
    if (names.empty()) names.emplace_back("From");
    return names;
  }
  std::vector<std::string> changes;
  for (const auto& name : list.added) {
    if (!contains(defaults, name) && !contains(omitted, name)) changes.push_back("+" + name);
  }
  auto removed = list.removed;
  removed.insert(removed.end(), omitted.begin(), omitted.end());
  for (const auto& name : removed) {
    if (contains(defaults, name) && !contains(changes, "-" + name)) changes.push_back("-" + name);
  }
  return changes;
}

}  // namespace

HeaderLists plan_headers(const std::optional<DataSet>& sign, const std::optional<DataSet>& omit,
                         const std::optional<DataSet>& oversign) {
  HeaderLists lists;
  std::vector<std::string> omitted;
  if (omit) {
    omitted = read_list(*omit, "OmitHeaders", lists.remarks).added;
    // opendkim takes no notice of it, and neither may we.
    remove(omitted, "From");
  }
  if (sign || !omitted.empty()) {
    NameList list;
    list.changes_default = !sign;
    if (sign) list = read_list(*sign, "SignHeaders", lists.remarks);
    remove(list.removed, "From");
    lists.signed_headers = plan_signed(list, omitted);
  }
  if (!oversign) return lists;
  // OpenDKIM's default list of them is empty: what changes it replaces it.
  auto names = read_list(*oversign, "OversignHeaders", lists.remarks).added;
  if (contains(names, "DKIM-Signature")) {
    remove(names, "DKIM-Signature");
    lists.remarks.push_back(
        not_taken("", "OversignHeaders: DKIM-Signature: a second signature would break the first"));
  }
  if (names.empty()) names.emplace_back("From");
  lists.oversigned_headers = std::move(names);
  return lists;
}

}  // namespace dkim::keytool::opendkim
