#include "canon/field_policy.hpp"

#include <algorithm>
#include <array>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Fields that a receiver shows or acts on, and that no relay has reason to change (RFC 6376 §5.4.1).
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

// Fields of which a second one, added on the way, would change what a reader sees.
constexpr std::array<std::string_view, 10> oversigned_defaults = {
    "From", "Reply-To", "Subject",      "Date",         "Message-ID",
    "To",   "Cc",       "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
};

// ftext of RFC 5322 §3.6.8, without ";", which would end the h= tag.
bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != ':' && c != ';'; });
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return equal_ignoring_case(entry, name); });
}

bool is_change(std::string_view entry) {
  return entry.starts_with('+') || entry.starts_with('-');
}

Result<std::vector<std::string>> apply_list(const std::vector<std::string>& entries,
                                            std::span<const std::string_view> defaults) {
  std::vector<std::string> names;
  if (entries.empty() || is_change(entries.front())) names.assign(defaults.begin(), defaults.end());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view entry = entries[i];
    if (is_change(entry) != is_change(entries.front())) {
      return Refusal{"names with + or - change the default list, plain names replace it: use one kind", i};
    }
    const std::string_view name = is_change(entry) ? entry.substr(1) : entry;
    if (!is_field_name(name)) return Refusal{"not a header field name", i};
    if (entry.starts_with('-')) {
      if (equal_ignoring_case(name, "From"))
        return Refusal{"From is always signed (RFC 6376 section 5.4)", i};
      if (std::erase_if(names, [&](const auto& known) { return equal_ignoring_case(known, name); }) == 0) {
        return Refusal{"there is no such name in the default list to take out", i};
      }
    } else if (!contains(names, name)) {
      names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

std::span<const std::string_view> default_signed_fields() {
  return signed_defaults;
}
std::span<const std::string_view> default_oversigned_fields() {
  return oversigned_defaults;
}

FieldPolicy::FieldPolicy()
    : FieldPolicy({signed_defaults.begin(), signed_defaults.end()},
                  {oversigned_defaults.begin(), oversigned_defaults.end()}) {}

FieldPolicy::FieldPolicy(std::vector<std::string> signed_fields, std::vector<std::string> oversigned)
    : signed_(std::move(signed_fields)), oversigned_(std::move(oversigned)) {
  if (!contains(oversigned_, "From")) oversigned_.insert(oversigned_.begin(), "From");
  for (const auto& name : oversigned_) {
    // Signed k times for k occurrences and once more: without the k, the signature would name a field
    // that it does not hash where the verifier looks for it.
    if (!contains(signed_, name)) signed_.push_back(name);
  }
  for (const auto& name : signed_)
    lower_names_.emplace(lower_case(name), true);
}

Result<FieldPolicy> FieldPolicy::from_lists(const std::vector<std::string>& signed_list,
                                            const std::vector<std::string>& oversigned_list) {
  auto signed_fields = apply_list(signed_list, signed_defaults);
  if (!signed_fields)
    return Refusal{"signed_headers: " + signed_fields.refusal().reason, signed_fields.refusal().octet};
  auto oversigned_fields = apply_list(oversigned_list, oversigned_defaults);
  if (!oversigned_fields) {
    return Refusal{"oversigned_headers: " + oversigned_fields.refusal().reason,
                   oversigned_fields.refusal().octet};
  }
  for (std::size_t i = 0; i < oversigned_list.size(); ++i) {
    if (equal_ignoring_case(oversigned_list[i], "DKIM-Signature") ||
        equal_ignoring_case(oversigned_list[i], "+DKIM-Signature")) {
      return Refusal{
          "oversigned_headers: DKIM-Signature cannot be oversigned: a second signature breaks the first", i};
    }
  }
  // Who takes a name out of the signed list means it: the default to oversign it does not bring it back,
  // only an entry of the other list does.
  std::vector<std::string> oversigned = *std::move(oversigned_fields);
  if (oversigned_list.empty() || is_change(oversigned_list.front())) {
    std::erase_if(oversigned, [&](const std::string& name) {
      return !contains(*signed_fields, name) && !contains(oversigned_list, "+" + name);
    });
  }
  return FieldPolicy(*std::move(signed_fields), std::move(oversigned));
}

bool FieldPolicy::is_signed(std::string_view lower_name) const {
  return lower_names_.find(lower_name) != lower_names_.end();
}

}  // namespace dkim::canon
