// What all authoritative servers together show of one key's record: what the cycle of keys is decided by.
#pragma once

#include <chrono>
#include <string>

namespace dkim::keytool {

struct RecordView {
  enum class State {
    unknown,  // not every server could be asked
    right,    // every server serves exactly this record
    missing,  // no server has a record
    revoked,  // every server serves an empty p=
    wrong,    // anything else: another key, several records, servers that differ
  };
  State state = State::unknown;
  // How long a resolver may remember an older answer: the larger of the record's TTL and the zone's negative
  // TTL.
  std::chrono::seconds memory{0};
  // For a person: which server serves what.
  std::string detail;
  // Where the state is unknown: what those servers show that could be asked.
  State so_far = State::unknown;
  // Could every server be asked? "missing" and "wrong" can be said before.
  bool all_answered = true;
};

}  // namespace dkim::keytool
