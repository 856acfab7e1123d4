// Why a question to a name server has no usable answer: a kind to decide by, and words for a person.
#pragma once

#include <optional>
#include <string>

#include "canon/result.hpp"

namespace dkim::keytool {

enum class DnsFault {
  not_a_name,      // DNS cannot hold the name
  out_of_time,     // not asked: the deadline had passed
  no_answer,       // nothing came within the time
  only_over_tcp,   // nothing came over UDP, which receivers' resolvers use first
  truncated,       // the answer does not fit into what was received
  malformed,       // what came is not a DNS message
  other_question,  // what came answers another question
  no_question,     // the answer does not repeat the question
  refused,         // an error code (RCODE) other than NXDOMAIN
};

struct DnsError {
  DnsFault fault = DnsFault::no_answer;
  std::string code = {};                            // the RCODE's name; only with DnsFault::refused
  std::optional<DnsFault> over_tcp = std::nullopt;  // how the second try, over TCP, failed

  // Returns a phrase with a verb, to follow the server's name: "does not answer", "answers SERVFAIL".
  std::string text() const;
};

template <typename T>
using DnsResult = canon::Result<T, DnsError>;

}  // namespace dkim::keytool
