#include "canon/field_list_error.hpp"

#include <fmt/format.h>

namespace dkim::canon {
namespace {

std::string_view reason_text(FieldListError::Reason reason, FieldList list) {
  using Reason = FieldListError::Reason;
  const bool is_signed_list = list == FieldList::signed_headers;
  switch (reason) {
    case Reason::bad_name:
      return "not a header field name";
    case Reason::optional_in_signed:
      return "a name with ?, which only oversigned_headers may have";
    case Reason::optional_removal:
      return "? is not allowed after -";
    case Reason::optional_from:
      return "From is always oversigned, and every message has one";
    case Reason::removes_from:
      return is_signed_list ? "From is always signed (RFC 6376 section 5.4)"
                            : "From is always oversigned: a second From would be shown as the author";
    case Reason::changed_by_hops:
      return "every hop adds Received, and delivery replaces Return-Path: they cannot be signed (RFC 6376 "
             "section 5.4)";
    case Reason::oversigned_signature:
      return "DKIM-Signature cannot be oversigned: a second signature breaks the first";
    case Reason::mixed_forms:
      return "names with + or - change the default list, plain names replace it: use one kind";
    case Reason::repeated:
      return is_signed_list
                 ? "a name that is in the list twice: what is to be signed once more than it occurs "
                   "belongs in oversigned_headers"
                 : "a name that is in the list twice";
    case Reason::not_in_default:
      return "there is no such name in the default list to take out";
    case Reason::removed_from_signed:
      return "a name that signed_headers takes out: what is oversigned is signed as well";
  }
  return "refused";
}

}  // namespace

std::string_view to_string(FieldList list) {
  switch (list) {
    case FieldList::signed_headers:
      return "signed_headers";
    case FieldList::oversigned_headers:
      return "oversigned_headers";
  }
  return "a list of header fields";
}

std::string to_string(const FieldListError& error) {
  return fmt::format("{}: {}", to_string(error.list), reason_text(error.reason, error.list));
}

}  // namespace dkim::canon
