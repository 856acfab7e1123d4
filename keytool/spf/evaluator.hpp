// May an address send for a domain: check_host() of RFC 7208 §4, with the count of what it cost. Explanations
// (exp=) are not fetched.
//
// Called by keytool/doctor/domain/spf_check. What other domains' records say is hostile; the limits of §4.6.4
// bound the questions, and Lookup bounds them again.
#pragma once

#include <string>

#include "canon/ip_address.hpp"
#include "keytool/dns/lookup.hpp"

namespace dkim::keytool::spf {

enum class Result { none, neutral, pass, fail, softfail, temperror, permerror };

std::string_view to_string(Result result);

// What a receiver stops at: terms that ask DNS, and questions with an empty answer (§4.6.4).
constexpr unsigned most_lookups = 10;
constexpr unsigned most_voids = 2;

struct Question {
  canon::IpAddress address;
  std::string domain;  // of MAIL FROM
  std::string helo;    // for %{h}
  // For %{l} and %{s}; this is what an empty one counts as (§4.3).
  std::string local_part = "postmaster";
};

struct Outcome {
  Result result = Result::none;
  // The mechanism that decided and whose it is; of an error what is wrong, and where. May hold octets from
  // DNS.
  std::string reason;
  unsigned lookups = 0;
  unsigned voids = 0;
  // Was a ptr mechanism passed on the way (§5.5: not to be used)?
  bool ptr = false;
};

Outcome check_host(Lookup& lookup, const Question& question);

// The same for a sender whom nothing but "all" matches: what the record costs at most, past the limits, too.
// Ends early only at an error, a loop, or far beyond the limits.
Outcome measure(Lookup& lookup, const Question& question);

}  // namespace dkim::keytool::spf
