#include "keytool/opendkim/header_lists.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/field_policy.hpp"
#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& known) { return canon::equal_ignoring_case(known, name); });
}

std::vector<std::string> without(std::vector<std::string> names, std::string_view name) {
  std::erase_if(names, [&](const auto& known) { return canon::equal_ignoring_case(known, name); });
  return names;
}

enum class HeaderList { signed_names, omitted_names, oversigned_names };

std::string_view setting_of(HeaderList list) {
  switch (list) {
    case HeaderList::signed_names:
      return "SignHeaders";
    case HeaderList::omitted_names:
      return "OmitHeaders";
    case HeaderList::oversigned_names:
      return "OversignHeaders";
  }
  return {};
}

struct NameList {
  bool changes_default = false;
  std::vector<std::string> added = {};
  std::vector<std::string> removed = {};
  Remarks remarks = {};
};

// Returns whether each hop adds or changes the field (RFC 6376 §5.4, §5.4.1): a signature over it, or over
// its absence, does not last.
bool is_trace_field(std::string_view name) {
  return canon::equal_ignoring_case(name, "Received") || canon::equal_ignoring_case(name, "Return-Path");
}

class ListReader {
 public:
  explicit ListReader(HeaderList which) : which_(which) {}

  NameList read(const DataSet& data) {
    for (const auto& entry : data.entries)
      list_.changes_default = list_.changes_default || entry.key == "*";
    for (const auto& entry : data.entries) {
      if (entry.key == "*") continue;
      const bool has_sign = list_.changes_default && (entry.key[0] == '+' || entry.key[0] == '-');
      const std::string name = entry.key.substr(has_sign ? 1 : 0);
      if (has_sign && entry.key[0] == '-') {
        list_.removed.push_back(name);
      } else if (is_usable(name, entry) && !contains(list_.added, name)) {
        list_.added.push_back(name);
      }
    }
    return std::move(list_);
  }

 private:
  bool is_usable(const std::string& name, const DataEntry& entry) {
    if (name == ".") return false;
    const bool is_omitted = which_ == HeaderList::omitted_names;
    const auto setting = setting_of(which_);
    if (!is_omitted && is_trace_field(name)) {
      lose(entry, fmt::format("{}: {}: each hop adds or changes that field; dkimsignd does not sign it",
                              setting, shown_word(name)));
    } else if (name.find('*') != std::string::npos) {
      lose(entry, fmt::format("{}: {}: patterns of names are not taken", setting, shown_word(name)));
    } else if (!is_omitted && !canon::FieldPolicy::from_lists({name}, {})) {
      lose(entry, fmt::format("{}: {} is not a field name", setting, shown_word(name)));
    } else {
      return true;
    }
    return false;
  }

  void lose(const DataEntry& entry, std::string text) {
    list_.remarks.push_back(signed_otherwise(entry.place, std::move(text)));
  }

  const HeaderList which_;
  NameList list_;
};

NameList read_list(const DataSet& data, HeaderList which) {
  return ListReader(which).read(data);
}

std::vector<std::string> names_of(std::span<const std::string_view> defaults) {
  return {defaults.begin(), defaults.end()};
}

// Returns plain names, or changes to the default list. Never empty if it replaces the default.
std::vector<std::string> plan_signed(const NameList& list, const std::vector<std::string>& omitted) {
  const auto defaults = names_of(canon::default_signed_fields());
  if (!list.changes_default) {
    auto names = list.added;
    for (const auto& name : omitted)
      names = without(std::move(names), name);
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

// Leaves out the entries that dkimsignd would refuse beside the others; each becomes a remark.
HeaderLists without_refused(HeaderLists lists) {
  while (true) {
    const auto policy = canon::FieldPolicy::from_lists(lists.signed_headers, lists.oversigned_headers);
    if (policy) return lists;
    const auto& error = policy.refusal();
    auto& names =
        error.list == canon::FieldList::signed_headers ? lists.signed_headers : lists.oversigned_headers;
    if (error.entry >= names.size()) return lists;
    lists.remarks.push_back(
        signed_otherwise("", fmt::format("{} is left out; {}", names[error.entry], to_string(error))));
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(error.entry));
    if (names.empty()) names.emplace_back("From");
  }
}

}  // namespace

HeaderLists plan_headers(const std::optional<DataSet>& sign, const std::optional<DataSet>& omit,
                         const std::optional<DataSet>& oversign) {
  HeaderLists lists;
  const auto add_remarks = [&](const Remarks& remarks) {
    lists.remarks.insert(lists.remarks.end(), remarks.begin(), remarks.end());
  };
  std::vector<std::string> omitted;
  if (omit) {
    auto list = read_list(*omit, HeaderList::omitted_names);
    add_remarks(list.remarks);
    // opendkim signs From all the same, and so must we.
    omitted = without(std::move(list.added), "From");
  }
  if (sign || !omitted.empty()) {
    NameList list = sign ? read_list(*sign, HeaderList::signed_names) : NameList{.changes_default = true};
    add_remarks(list.remarks);
    list.removed = without(std::move(list.removed), "From");
    lists.signed_headers = plan_signed(list, omitted);
  }
  if (!oversign) return without_refused(std::move(lists));
  // OpenDKIM's default list is empty: a change to it is a whole list.
  auto list = read_list(*oversign, HeaderList::oversigned_names);
  add_remarks(list.remarks);
  auto names = std::move(list.added);
  if (contains(names, "DKIM-Signature")) {
    names = without(std::move(names), "DKIM-Signature");
    lists.remarks.push_back(
        signed_otherwise("", "OversignHeaders: DKIM-Signature: a second signature would break the first"));
  }
  if (names.empty()) names.emplace_back("From");
  lists.oversigned_headers = std::move(names);
  return without_refused(std::move(lists));
}

}  // namespace dkim::keytool::opendkim
