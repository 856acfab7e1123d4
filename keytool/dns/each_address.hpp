// Asks all servers of a zone at once, and judges whether an answer is one of the zone's servers'.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "keytool/dns/at_once.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

// Most servers are separate machines; while one is silent, others answer.
constexpr std::size_t servers_at_once = 8;

// Calls ask(address, answer) once for each address of the zone's servers, several at a time and in threads of
// their own, each with an Answer of its own. Every server's first address comes before any server's second.
// Returns the answers by the text of the address. Passes on what ask throws.
template <typename Answer, typename Ask>
std::map<std::string, Answer> ask_each_address(const Zone& zone, Ask ask) {
  struct Question {
    const ServerAddress* address;
    Answer* answer;
  };
  std::map<std::string, Answer> answers;
  std::vector<Question> in_turn;
  for (std::size_t i = 0;; ++i) {
    bool more = false;
    for (const auto& server : zone.servers) {
      if (i >= server.addresses.size()) continue;
      more = true;
      const auto [entry, added] = answers.try_emplace(server.addresses[i].text());
      if (added) in_turn.push_back({&server.addresses[i], &entry->second});
    }
    if (!more) break;
  }
  do_at_once(in_turn.size(), servers_at_once,
             [&](std::size_t i) { ask(*in_turn[i].address, *in_turn[i].answer); });
  return answers;
}

// Returns why the response does not count, as a phrase with a verb to follow the server's name; empty if it
// does.
std::string why_it_does_not_count(const DnsResponse& response, const Zone& zone);

}  // namespace dkim::keytool
