// Reads a DMARC policy record (RFC 9989 §4.7, §4.8) as receivers do, and remarks on what they do not read as
// written. Pure; never fails, whatever the bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/domain/report_address.hpp"

namespace dkim::keytool {

enum class DmarcPolicy { none, quarantine, reject };

std::string_view to_string(DmarcPolicy policy);

// Returns what t=y turns a policy into: one level less (§4.7).
DmarcPolicy under_test(DmarcPolicy policy);

// Whose mail a policy is for: that of the record's own domain, of one below it, or of one below it that does
// not exist in DNS (§3.2.13).
enum class DmarcScope { domain, subdomain, missing_subdomain };

// The tag psd=: whether others register their domains below this one.
enum class PublicSuffix { unsaid, yes, no };

// p=, sp= and np=.
struct DmarcPolicyTag {
  bool present = false;
  std::optional<DmarcPolicy> value;  // empty: absent, or invalid

  bool is_invalid() const { return present && !value; }
};

// Something in a record that does not have the effect it seems to have.
struct DmarcRemark {
  enum class Weight {
    invalid_policy,  // it decides what the whole record means to receivers: see policy_for
    wrong,           // receivers do not do what was meant
    idle,            // without effect, and harmless
  };
  Weight weight = Weight::idle;
  std::string text;  // may contain bytes of the record: escape to print
};

struct DmarcRecord {
  DmarcPolicyTag policy;              // p=
  DmarcPolicyTag subdomain_policy;    // sp=
  DmarcPolicyTag nonexistent_policy;  // np=
  bool testing = false;               // t=y
  bool strict_dkim = false;           // adkim=s
  bool strict_spf = false;            // aspf=s
  PublicSuffix public_suffix = PublicSuffix::unsaid;
  // The valid addresses, in their order.
  std::vector<ReportAddress> aggregate;  // rua=
  std::vector<ReportAddress> failure;    // ruf=
  std::vector<DmarcRemark> remarks;      // at most most_remarks

  static constexpr std::size_t most_remarks = 20;

  // Returns the policy before t= is taken into account (§4.10.1). Empty if receivers do not apply DMARC: if a
  // policy is missing or invalid and no reports are requested.
  std::optional<DmarcPolicy> policy_for(DmarcScope scope) const;
};

// Returns whether a TXT record begins with a tag v of value DMARC1. Receivers ignore all others.
bool is_dmarc_record(std::string_view text);

// Explains, in words that follow it, why a text that seems meant as a DMARC record is not one. Returns
// nothing if it is one, or is not meant to be.
std::optional<std::string> why_no_dmarc_record(std::string_view text);

// Reads a record; returns nothing if the text is not one. Reads whatever follows the version as receivers do:
// leaves out what is wrong, with a remark. If a tag occurs twice, the first counts.
std::optional<DmarcRecord> read_dmarc_record(std::string_view text);

}  // namespace dkim::keytool
