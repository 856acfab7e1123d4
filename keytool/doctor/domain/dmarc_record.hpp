// A DMARC policy record (RFC 9989 §4.7, §4.8): what receivers take it to say, and what in it they do not take
// as it is written. Pure, total.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/domain/report_address.hpp"

namespace dkim::keytool {

enum class DmarcPolicy { none, quarantine, reject };

std::string_view to_string(DmarcPolicy policy);

// What t=y makes of a policy: one level less (§4.7).
DmarcPolicy under_test(DmarcPolicy policy);

// For whose mail a policy is asked for: that of the domain that the record is published for, of one below
// it, or of one below it that is not in DNS (§3.2.13).
enum class DmarcScope { domain, subdomain, missing_subdomain };

// psd=: is the domain one below which others register theirs?
enum class PublicSuffix { unsaid, yes, no };

// p=, sp= and np=.
struct DmarcPolicyTag {
  bool present = false;
  std::optional<DmarcPolicy> value;  // nothing: absent, or invalid

  bool is_invalid() const { return present && !value; }
};

// Something in a record that has not the effect that it seems to have.
struct DmarcRemark {
  enum class Weight {
    invalid_policy,  // it decides what receivers take the whole record for: see policy_for
    wrong,           // receivers do not do what was meant
    idle,            // without effect, and without harm
  };
  Weight weight = Weight::idle;
  std::string text;  // may hold octets of the record: escape to print
};

struct DmarcRecord {
  DmarcPolicyTag policy;              // p=
  DmarcPolicyTag subdomain_policy;    // sp=
  DmarcPolicyTag nonexistent_policy;  // np=
  bool testing = false;               // t=y
  bool strict_dkim = false;           // adkim=s
  bool strict_spf = false;            // aspf=s
  PublicSuffix public_suffix = PublicSuffix::unsaid;
  // The valid ones, in their order.
  std::vector<ReportAddress> aggregate;  // rua=
  std::vector<ReportAddress> failure;    // ruf=
  std::vector<DmarcRemark> remarks;      // the first most_remarks of them

  static constexpr std::size_t most_remarks = 20;

  // What receivers go by before t= is looked at (§4.10.1). Nothing: they apply no DMARC, which is so where a
  // policy is missing or invalid and no reports are asked for.
  std::optional<DmarcPolicy> policy_for(DmarcScope scope) const;
};

// Is a TXT record one: a tag v with the value DMARC1 in first place? Receivers pass over all others.
bool is_dmarc_record(std::string_view text);

// Why a text that seems to be meant for a DMARC record is none, in words that follow it; nothing if it is
// one, or is not meant to be.
std::optional<std::string> why_no_dmarc_record(std::string_view text);

// Nothing if it is none. Whatever follows the version is read as receivers do: what is wrong is left out,
// with a remark. Of a tag that stands there twice the first counts.
std::optional<DmarcRecord> read_dmarc_record(std::string_view text);

}  // namespace dkim::keytool
