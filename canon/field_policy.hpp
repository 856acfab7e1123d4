// Which header fields are signed and which are oversigned (RFC 6376 §5.4, §8.15).
//
// From is always both. A field that is oversigned is signed, too. Immutable, so all threads may share it.
// Lists that contradict themselves are a FieldListError; nothing here throws.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "canon/field_list_error.hpp"
#include "canon/result.hpp"

namespace dkim::canon {

// The default lists in the syntax of the configuration: "Name?" is oversigned only where the message has one.
std::span<const std::string_view> default_signed_fields();
std::span<const std::string_view> default_oversigned_fields();

// An oversigned name is in h= once more than it occurs: in every message, or only in those that have such a
// field. In the first case the signature breaks if a later hop adds the field to a message that had none.
enum class Oversigning { always, where_present };

struct OversignedField {
  std::string name;        // as the list spells it
  std::string lower_name;  // in lower case
  Oversigning when = Oversigning::always;

  bool operator==(const OversignedField&) const = default;
};

// Returns the syntax of the configuration: "Name" or "Name?".
std::string to_string(const OversignedField& field);

class FieldPolicy {
 public:
  // The default lists.
  FieldPolicy();

  // Reads the lists of the configuration. An empty list keeps the default; plain names replace it; names with
  // "+" or "-" in front change it. In the oversigned list, "Name?" means: only where the message has one.
  // Names in the oversigned list are signed, too, but its defaults do not bring back a name that the signed
  // list leaves out.
  static Result<FieldPolicy, FieldListError> from_lists(const std::vector<std::string>& signed_list,
                                                        const std::vector<std::string>& oversigned_list);

  // lower_name: in lower case.
  bool is_signed(std::string_view lower_name) const;
  // In the order and spelling of the list.
  const std::vector<OversignedField>& oversigned() const { return oversigned_; }
  // In the order and spelling of the list, including the oversigned ones.
  const std::vector<std::string>& signed_fields() const { return signed_; }

 private:
  FieldPolicy(std::vector<std::string> signed_fields, std::vector<OversignedField> oversigned);

  std::vector<std::string> signed_;
  std::vector<OversignedField> oversigned_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> lower_names_;
};

}  // namespace dkim::canon
