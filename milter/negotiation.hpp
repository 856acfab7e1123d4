// Negotiates with an MTA when a connection begins: which steps of the milter protocol are sent, and which
// of them get an answer.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

struct smfi_str;  // libmilter's SMFICTX

namespace dkim::milter {

// What was agreed on, as SMFIP_* bits.
struct AgreedSteps {
  unsigned long bits = 0;

  bool keep_leading_space() const;
  bool need_no_answer_to_fields() const;
  bool need_no_answer_to(unsigned long no_reply_step) const { return (bits & no_reply_step) != 0; }
};

// Chooses among what the MTA offers: as few steps and as few answers as possible, and header fields with
// their leading space.
AgreedSteps choose_steps(unsigned long offered);

// Returns true at the end of a message; false also if this libmilter has no function that says so.
bool at_end_of_message(smfi_str* context);

// Remembers what was agreed on for connections whose session has ended.
//
// An MTA may end a session, by SMFIC_QUIT_NC, and begin the next one on the same connection: there is no
// second negotiation then, and libmilter says "closed" in both cases. When a connection is really gone, its
// entry stays until libmilter uses the same context for another one, so that there are never more entries
// than there were connections at once. Thread-safe.
class EndedSessions {
 public:
  // Remembers nothing if there is no memory: the mail of a next session is then deferred, with a log line.
  void remember(smfi_str* context, AgreedSteps steps) noexcept;
  // Returns what was remembered for the connection, and forgets it; returns nothing if nothing was.
  std::optional<AgreedSteps> take(smfi_str* context) noexcept;

 private:
  std::mutex mutex_;
  std::unordered_map<smfi_str*, AgreedSteps> steps_;
};

}  // namespace dkim::milter
