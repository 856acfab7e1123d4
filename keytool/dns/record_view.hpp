// Holds what all authoritative servers together show of one key's record, and of the CNAME that leads to it;
// rotation decides by it.
#pragma once

#include <chrono>
#include <string>

namespace dkim::keytool {

// What the servers of the domain's own zone show of a slot that leads to another name.
struct AliasView {
  enum class State {
    right,    // every server leads to the target, or there need not be a CNAME
    missing,  // some server has nothing there, and none has anything else
    wrong,    // some server leads elsewhere, or has a TXT record there
    unknown,  // not every server could be asked
  };
  State state = State::right;
  // A sentence that says what the domain's owner has to do, and why; empty if everything is right.
  std::string detail;
  // Whether every server answered. "missing" and "wrong" do not need that.
  bool all_answered = true;
};

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
  // Whether every server that answered has either an empty record or none. Then the state may be "wrong",
  // because they disagree.
  bool only_void = false;
  // The other members are about the record where it is published; this is about the way to it.
  AliasView alias = {};

  // Whether no server shows receivers a key, on the way or at its end.
  bool is_empty() const {
    const bool no_record =
        state == State::revoked || (all_answered && (state == State::missing || only_void));
    const bool no_way = alias.state == AliasView::State::missing && alias.all_answered;
    return no_record && (alias.state == AliasView::State::right || no_way);
  }
  // Whether every receiver gets exactly this record.
  bool is_right() const { return state == State::right && alias.state == AliasView::State::right; }
};

// Joins what is wrong with a record and with the way to it.
std::string with_alias(std::string reason, const RecordView& view);
// Says why the record does not reach every receiver, and who has to act.
std::string what_is_wrong(const RecordView& view);

}  // namespace dkim::keytool
