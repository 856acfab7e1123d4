// Which header fields are signed and which are oversigned, as a table of names.
//
// Made once from the configuration's signed_headers and oversigned_headers, then shared by all messages
// and threads. From is always both (RFC 6376 §5.4); what is oversigned is signed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

// The default lists, as the configuration would write them: "Name?" is oversigned where present.
std::span<const std::string_view> default_signed_fields();
std::span<const std::string_view> default_oversigned_fields();

// Is a name named once more than it occurs in every message, or only in those that have such a field? A
// signature of the first kind says "there is none", and fails when a later hop adds one.
enum class Oversigning { always, where_present };

struct OversignedField {
  std::string name;        // as the list spells it
  std::string lower_name;  // the same in lower case
  Oversigning when = Oversigning::always;

  bool operator==(const OversignedField&) const = default;
};

// As the configuration writes it: "Name" or "Name?".
std::string to_string(const OversignedField& field);

class FieldPolicy {
 public:
  // The default lists.
  FieldPolicy();

  // Lists as written in the configuration: empty keeps the default; plain names replace it; "+Name" and
  // "-Name" change it. In the oversigned list "Name?" means: only where the message has one. What the
  // oversigned list names is signed too; its defaults do not bring back a name that the signed list leaves
  // out. Refuses with the offending entry's number as octet: a name that is not a field name, one that stands
  // there twice or is taken out here and named there, plain entries mixed with changes, -From, what every hop
  // adds or replaces (Received, Return-Path), or DKIM-Signature among the oversigned.
  static Result<FieldPolicy> from_lists(const std::vector<std::string>& signed_list,
                                        const std::vector<std::string>& oversigned_list);

  // The name in lower case.
  bool is_signed(std::string_view lower_name) const;
  // In the order of the list, as spelled there.
  const std::vector<OversignedField>& oversigned() const { return oversigned_; }
  // In the order of the list, oversigned ones included, as spelled there.
  const std::vector<std::string>& signed_fields() const { return signed_; }

 private:
  FieldPolicy(std::vector<std::string> signed_fields, std::vector<OversignedField> oversigned);

  std::vector<std::string> signed_;
  std::vector<OversignedField> oversigned_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> lower_names_;
};

}  // namespace dkim::canon
