// Why a list of header fields is refused (canon/field_policy.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dkim::canon {

// The two lists, by the names of their settings.
enum class FieldList { signed_headers, oversigned_headers };

std::string_view to_string(FieldList list);

struct FieldListError {
  enum class Reason {
    // Not the name of a header field (RFC 5322 §3.6.8).
    bad_name,
    // "Name?" in signed_headers.
    optional_in_signed,
    // "-Name?"
    optional_removal,
    // "From?": every message has one.
    optional_from,
    // "-From"
    removes_from,
    // Received or Return-Path, which hops add or replace.
    changed_by_hops,
    // DKIM-Signature in oversigned_headers.
    oversigned_signature,
    // Plain names, and names with + or -.
    mixed_forms,
    // A name that is in the list twice.
    repeated,
    // "-Name", but the default list has no such name.
    not_in_default,
    // A name in oversigned_headers that signed_headers takes out.
    removed_from_signed
  };

  FieldList list;
  std::size_t entry;  // its index in the list
  Reason reason;

  bool operator==(const FieldListError&) const = default;
};

// Returns the setting and the reason, for a person. Contains nothing of the list's text.
std::string to_string(const FieldListError& error);

}  // namespace dkim::canon
