#include "keytool/dns/dns_error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace dkim::keytool {
namespace {

std::string_view phrase(DnsFault fault) {
  switch (fault) {
    case DnsFault::not_a_name:
      return "was not asked: DNS cannot hold the name";
    case DnsFault::out_of_time:
      return "was not asked: time is up";
    case DnsFault::no_answer:
      return "does not answer";
    case DnsFault::only_over_tcp:
      return "does not answer over UDP, only over TCP";
    case DnsFault::truncated:
      return "sends a truncated answer";
    case DnsFault::malformed:
      return "sends an answer that is not a DNS message";
    case DnsFault::other_question:
      return "answers another question";
    case DnsFault::no_question:
      return "answers without a question";
    case DnsFault::refused:
      return "answers with an error";
  }
  return "does not answer";
}

}  // namespace

std::string DnsError::text() const {
  // The first answer was only a reason to ask over TCP.
  if (over_tcp == DnsFault::truncated) return fmt::format("{} over TCP", phrase(*over_tcp));
  const std::string first = code.empty() ? std::string(phrase(fault)) : fmt::format("answers {}", code);
  return over_tcp ? fmt::format("{}, and {} over TCP", first, phrase(*over_tcp)) : first;
}

}  // namespace dkim::keytool
