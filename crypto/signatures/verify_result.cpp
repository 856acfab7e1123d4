#include "crypto/signatures/verify_result.hpp"

#include <array>

namespace dkim::crypto {
namespace {

struct Row {
  VerifyReason reason;
  std::string_view word;
  VerifyResult result;
};

constexpr std::array rows{
    Row{VerifyReason::holds, "holds", VerifyResult::pass},
    Row{VerifyReason::syntax, "syntax", VerifyResult::permerror},
    Row{VerifyReason::missing_tag, "missing_tag", VerifyResult::permerror},
    Row{VerifyReason::version, "version", VerifyResult::permerror},
    Row{VerifyReason::domain, "domain", VerifyResult::permerror},
    Row{VerifyReason::selector, "selector", VerifyResult::permerror},
    Row{VerifyReason::identity, "identity", VerifyResult::permerror},
    Row{VerifyReason::from_not_signed, "from_not_signed", VerifyResult::permerror},
    Row{VerifyReason::times, "times", VerifyResult::permerror},
    Row{VerifyReason::expired, "expired", VerifyResult::policy},
    Row{VerifyReason::unknown_algorithm, "unknown_algorithm", VerifyResult::neutral},
    Row{VerifyReason::unknown_canonicalization, "unknown_canonicalization", VerifyResult::neutral},
    Row{VerifyReason::unknown_query, "unknown_query", VerifyResult::neutral},
    Row{VerifyReason::historic_algorithm, "historic_algorithm", VerifyResult::permerror},
    Row{VerifyReason::no_key, "no_key", VerifyResult::permerror},
    Row{VerifyReason::key_unavailable, "key_unavailable", VerifyResult::temperror},
    Row{VerifyReason::key_syntax, "key_syntax", VerifyResult::permerror},
    Row{VerifyReason::key_revoked, "key_revoked", VerifyResult::permerror},
    Row{VerifyReason::key_of_other_kind, "key_of_other_kind", VerifyResult::permerror},
    Row{VerifyReason::key_hash, "key_hash", VerifyResult::permerror},
    Row{VerifyReason::key_strict, "key_strict", VerifyResult::permerror},
    Row{VerifyReason::weak_key, "weak_key", VerifyResult::permerror},
    Row{VerifyReason::body_differs, "body_differs", VerifyResult::fail},
    Row{VerifyReason::header_differs, "header_differs", VerifyResult::fail},
    Row{VerifyReason::both_differ, "both_differ", VerifyResult::fail},
    Row{VerifyReason::not_by_this_key, "not_by_this_key", VerifyResult::fail},
    Row{VerifyReason::not_looked_at, "not_looked_at", VerifyResult::neutral},
};

// The table is indexed by the enumeration.
constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].reason != static_cast<VerifyReason>(i)) return false;
  }
  return rows.back().reason == VerifyReason::not_looked_at;
}
static_assert(in_order());

}  // namespace

VerifyResult result_of(VerifyReason reason) {
  return rows.at(static_cast<std::size_t>(reason)).result;
}

std::string_view to_string(VerifyReason reason) {
  return rows.at(static_cast<std::size_t>(reason)).word;
}

std::string_view to_string(VerifyResult result) {
  switch (result) {
    case VerifyResult::pass:
      return "pass";
    case VerifyResult::fail:
      return "fail";
    case VerifyResult::policy:
      return "policy";
    case VerifyResult::neutral:
      return "neutral";
    case VerifyResult::temperror:
      return "temperror";
    case VerifyResult::permerror:
      return "permerror";
  }
  return "permerror";
}

}  // namespace dkim::crypto
