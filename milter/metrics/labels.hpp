// The values of the labels of dkimsignd's metrics, and how many of each there are. Constants; nothing fails.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "crypto/keys/algorithm.hpp"
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {

template <typename Enum>
constexpr std::size_t index(Enum value) {
  return static_cast<std::size_t>(value);
}

// Return the values of the labels; nothing for a number that belongs to no enumerator.
constexpr std::string_view word_of(NotSigned reason) {
  switch (reason) {
    case NotSigned::untrusted_client:
      return "untrusted_client";
    case NotSigned::rule:
      return "rule";
    case NotSigned::no_key:
      return "no_key";
    case NotSigned::key_pending:
      return "key_pending";
    case NotSigned::no_active_key:
      return "no_active_key";
    case NotSigned::subdomain:
      return "subdomain";
    case NotSigned::foreign_author:
      return "foreign_author";
    case NotSigned::invalid_domain:
      return "invalid_domain";
    case NotSigned::malformed_from:
      return "malformed_from";
    case NotSigned::header_too_large:
      return "header_too_large";
    case NotSigned::dialogue:
      return "dialogue";
    case NotSigned::error:
      return "error";
    case NotSigned::stopping:
      return "stopping";
  }
  return {};
}

constexpr std::string_view word_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::key_file:
      return "key_file";
    case ErrorKind::store:
      return "store";
    case ErrorKind::manifest:
      return "manifest";
    case ErrorKind::lease:
      return "lease";
    case ErrorKind::openssl:
      return "openssl";
    case ErrorKind::memory:
      return "memory";
    case ErrorKind::mta:
      return "mta";
    case ErrorKind::other:
      return "other";
  }
  return {};
}

// Counts the enumerators, which have the numbers from 0 on, by their words.
template <typename Enum>
constexpr std::size_t count_of() {
  std::size_t count = 0;
  while (!word_of(static_cast<Enum>(count)).empty())
    ++count;
  return count;
}

inline constexpr std::size_t reasons = count_of<NotSigned>();
inline constexpr std::size_t kinds = count_of<ErrorKind>();
inline constexpr std::array dispositions = {Disposition::accept, Disposition::tempfail, Disposition::reject};
static_assert(index(Disposition::reject) + 1 == dispositions.size(), "all of them, indexed by their numbers");
inline constexpr std::size_t algorithms = crypto::all_algorithms.size();
static_assert(index(crypto::Algorithm::ed25519) + 1 == algorithms, "all of them, indexed by their numbers");

// Can a message that is not signed for this reason end like this? If the configuration chooses, any way.
constexpr bool can_end_as(NotSigned reason, Disposition disposition) {
  switch (reason) {
    case NotSigned::foreign_author:
    case NotSigned::malformed_from:
    case NotSigned::header_too_large:
    case NotSigned::dialogue:
    case NotSigned::error:
      return true;
    case NotSigned::stopping:
      return disposition == Disposition::tempfail;
    case NotSigned::untrusted_client:
    case NotSigned::rule:
    case NotSigned::no_key:
    case NotSigned::key_pending:
    case NotSigned::no_active_key:
    case NotSigned::subdomain:
    case NotSigned::invalid_domain:
      return disposition == Disposition::accept;
  }
  return false;
}

}  // namespace dkim::milter
