// Holds what all authoritative servers together show of one key's record; rotation decides by it.
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
    wrong,    // anything else: another key, several records, servers that disagree
  };
  State state = State::unknown;
  // How long a resolver may remember an older answer (keytool/dns/observation).
  std::chrono::seconds memory{0};
  // Tells a person which server serves what.
  std::string detail;
  // If the state is unknown: what the servers that answered show.
  State so_far = State::unknown;
  // Whether every server answered. "missing" and "wrong" do not need that.
  bool all_answered = true;
  // The zone that a person has to change, without a final dot; empty if it was not found out.
  std::string zone = {};
};

}  // namespace dkim::keytool
