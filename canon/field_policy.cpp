#include "canon/field_policy.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Fields that receivers show or act on, and that relays have no reason to change (RFC 6376 §5.4.1).
constexpr std::array<std::string_view, 32> signed_defaults = {
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-ID",
    "Content-Description",
    "Resent-Date",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Message-ID",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Auto-Submitted",
    "Autocrypt",
    "Feedback-ID",
};

// Fields for which a second one, added on the way, would change what a reader sees. To a message that has
// none, a later hop may add a field with "?" (RFC 6409 §8), which would break a signature that says that
// there is none.
constexpr std::array<std::string_view, 10> oversigned_defaults = {
    "From",
    "Reply-To",
    "Subject",
    "To",
    "Cc",
    "Date?",
    "Message-ID?",
    "MIME-Version?",
    "Content-Type?",
    "Content-Transfer-Encoding?",
};

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return equal_ignoring_case(entry, name); });
}

// The parts of an entry of either list.
struct Entry {
  enum class Change { none, add, remove };
  Change change = Change::none;
  std::string_view name;
  Oversigning when = Oversigning::always;
};

Entry entry_of(std::string_view text) {
  Entry entry;
  if (text.starts_with('+')) entry.change = Entry::Change::add;
  if (text.starts_with('-')) entry.change = Entry::Change::remove;
  if (entry.change != Entry::Change::none) text.remove_prefix(1);
  // No field in use has a name that ends so.
  if (text.ends_with('?')) {
    entry.when = Oversigning::where_present;
    text.remove_suffix(1);
  }
  entry.name = text;
  return entry;
}

bool is_change(std::string_view text) {
  return entry_of(text).change != Entry::Change::none;
}

using Reason = FieldListError::Reason;

// Returns why this entry cannot be in such a list, whatever else is in it.
std::optional<Reason> entry_trouble(const Entry& entry, FieldList list) {
  const bool is_from = equal_ignoring_case(entry.name, "From");
  const bool is_removed = entry.change == Entry::Change::remove;
  if (!is_field_name(entry.name)) return Reason::bad_name;
  if (entry.when == Oversigning::where_present) {
    if (list == FieldList::signed_headers) return Reason::optional_in_signed;
    if (is_removed) return Reason::optional_removal;
    if (is_from) return Reason::optional_from;
  }
  if (is_from && is_removed) return Reason::removes_from;
  if (is_removed) return std::nullopt;
  if (equal_ignoring_case(entry.name, "Received") || equal_ignoring_case(entry.name, "Return-Path"))
    return Reason::changed_by_hops;
  if (list == FieldList::oversigned_headers && equal_ignoring_case(entry.name, "DKIM-Signature"))
    return Reason::oversigned_signature;
  return std::nullopt;
}

bool same_name(const OversignedField& field, std::string_view name) {
  return equal_ignoring_case(field.name, name);
}

OversignedField oversigned_field(std::string_view name, Oversigning when) {
  return {std::string(name), lower_case(name), when};
}

std::vector<OversignedField> fields_of(std::span<const std::string_view> defaults) {
  std::vector<OversignedField> fields;
  for (const auto text : defaults) {
    const Entry entry = entry_of(text);
    fields.push_back(oversigned_field(entry.name, entry.when));
  }
  return fields;
}

Result<std::vector<OversignedField>, FieldListError> apply_list(const std::vector<std::string>& entries,
                                                                std::span<const std::string_view> defaults,
                                                                FieldList list) {
  std::vector<OversignedField> fields;
  if (entries.empty() || is_change(entries.front())) fields = fields_of(defaults);
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry entry = entry_of(entries[i]);
    const auto refuse = [&](Reason reason) { return FieldListError{list, i, reason}; };
    if (is_change(entries[i]) != is_change(entries.front())) return refuse(Reason::mixed_forms);
    if (const auto trouble = entry_trouble(entry, list)) return refuse(*trouble);
    if (contains(seen, entry.name)) return refuse(Reason::repeated);
    seen.emplace_back(entry.name);
    const auto known = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return same_name(field, entry.name); });
    if (entry.change == Entry::Change::remove) {
      if (known == fields.end()) return refuse(Reason::not_in_default);
      fields.erase(known);
    } else if (known != fields.end()) {
      known->when = entry.when;
    } else {
      fields.push_back(oversigned_field(entry.name, entry.when));
    }
  }
  return fields;
}

std::vector<std::string> names_of(const std::vector<OversignedField>& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields)
    names.push_back(field.name);
  return names;
}

}  // namespace

std::span<const std::string_view> default_signed_fields() {
  return signed_defaults;
}
std::span<const std::string_view> default_oversigned_fields() {
  return oversigned_defaults;
}

std::string to_string(const OversignedField& field) {
  return field.name + (field.when == Oversigning::where_present ? "?" : "");
}

FieldPolicy::FieldPolicy()
    : FieldPolicy({signed_defaults.begin(), signed_defaults.end()}, fields_of(oversigned_defaults)) {}

FieldPolicy::FieldPolicy(std::vector<std::string> signed_fields, std::vector<OversignedField> oversigned)
    : signed_(std::move(signed_fields)), oversigned_(std::move(oversigned)) {
  if (std::none_of(oversigned_.begin(), oversigned_.end(),
                   [](const auto& field) { return same_name(field, "From"); })) {
    oversigned_.insert(oversigned_.begin(), oversigned_field("From", Oversigning::always));
  }
  for (const auto& field : oversigned_) {
    // A name with k occurrences is in h= k + 1 times. Without the first k, the verifier would hash the lowest
    // field for the one extra name, and the signature would not hold.
    if (!contains(signed_, field.name)) signed_.push_back(field.name);
  }
  for (const auto& name : signed_)
    lower_names_.insert(lower_case(name));
}

Result<FieldPolicy, FieldListError> FieldPolicy::from_lists(const std::vector<std::string>& signed_list,
                                                            const std::vector<std::string>& oversigned_list) {
  const auto signed_fields = apply_list(signed_list, signed_defaults, FieldList::signed_headers);
  if (!signed_fields) return signed_fields.refusal();
  auto oversigned_fields = apply_list(oversigned_list, oversigned_defaults, FieldList::oversigned_headers);
  if (!oversigned_fields) return oversigned_fields.refusal();
  for (std::size_t i = 0; i < oversigned_list.size(); ++i) {
    const Entry entry = entry_of(oversigned_list[i]);
    if (entry.change != Entry::Change::remove && contains(signed_list, "-" + std::string(entry.name)))
      return FieldListError{FieldList::oversigned_headers, i, Reason::removed_from_signed};
  }
  // A name that the signed list leaves out stays out: the default to oversign it does not bring it back, only
  // an entry of the other list does.
  const auto names = names_of(*signed_fields);
  std::vector<OversignedField> oversigned = *std::move(oversigned_fields);
  if (oversigned_list.empty() || is_change(oversigned_list.front())) {
    std::erase_if(oversigned, [&](const auto& field) {
      return !contains(names, field.name) && !contains(oversigned_list, "+" + to_string(field));
    });
  }
  return FieldPolicy(names, std::move(oversigned));
}

bool FieldPolicy::is_signed(std::string_view lower_name) const {
  return lower_names_.contains(lower_name);
}

}  // namespace dkim::canon
