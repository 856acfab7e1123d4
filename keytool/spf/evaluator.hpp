// Decides whether an address may send for a domain: check_host() of RFC 7208 §4, with the count of what it
// cost. Does not fetch explanations (exp=).
//
// Other domains' records are hostile: the limits of §4.6.4 bound the questions, and Lookup bounds them again.
// A question without an answer is temperror, a record that cannot be read permerror; nothing throws.
#pragma once

#include <string>

#include "canon/ip_address.hpp"
#include "keytool/dns/lookup.hpp"

namespace dkim::keytool::spf {

enum class Result { none, neutral, pass, fail, softfail, temperror, permerror };

std::string_view to_string(Result result);

// The limits of a receiver (§4.6.4): terms that ask DNS, and questions with an empty answer.
constexpr unsigned most_lookups = 10;
constexpr unsigned most_voids = 2;

struct Question {
  canon::IpAddress address;
  std::string domain;  // of MAIL FROM
  std::string helo;    // for %{h}
  // For %{l} and %{s}; an empty one counts as this (§4.3).
  std::string local_part = "postmaster";
};

struct Outcome {
  Result result = Result::none;
  // The mechanism that decided and its domain; for an error, what is wrong and where. May contain bytes from
  // DNS.
  std::string reason;
  unsigned lookups = 0;
  unsigned voids = 0;
  // Whether a ptr mechanism was evaluated (§5.5: not to be used).
  bool ptr = false;
};

// Evaluates the domain's record as a receiver does.
Outcome check_host(Lookup& lookup, const Question& question);

// Evaluates the record for a sender that only "all" matches, to find out what the record costs at most.
// Counts beyond the limits; ends early only at an error, a loop, or far beyond the limits.
Outcome measure(Lookup& lookup, const Question& question);

}  // namespace dkim::keytool::spf
