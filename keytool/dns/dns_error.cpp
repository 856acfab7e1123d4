#include "keytool/dns/dns_error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace dkim::keytool {
namespace {

std::string_view words(DnsFault fault) {
  switch (fault) {
    case DnsFault::not_a_name:
      return "not a name that DNS can hold";
    case DnsFault::out_of_time:
      return "not asked: time is up";
    case DnsFault::no_answer:
      return "no answer";
    case DnsFault::only_over_tcp:
      return "no answer over UDP, only over TCP";
    case DnsFault::truncated:
      return "a truncated answer";
    case DnsFault::malformed:
      return "an answer that is not a DNS message";
    case DnsFault::other_question:
      return "an answer to another question";
    case DnsFault::no_question:
      return "answers without a question";
    case DnsFault::refused:
      return "answers with an error";
  }
  return "no answer";
}

}  // namespace

std::string DnsError::text() const {
  // The first answer was only a reason to ask over TCP.
  if (over_tcp == DnsFault::truncated) return fmt::format("{} over TCP", words(*over_tcp));
  const std::string first = code.empty() ? std::string(words(fault)) : fmt::format("answers {}", code);
  return over_tcp ? fmt::format("{}, and {} over TCP", first, words(*over_tcp)) : first;
}

}  // namespace dkim::keytool
