// What the daemon and an MTA agree on when a connection begins: which steps of the milter protocol are sent,
// which of them get an answer, and which macros come with them.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "milter/config.hpp"

struct smfi_str;  // libmilter's SMFICTX

namespace dkim::milter {

// What was agreed on, as SMFIP_* bits.
struct AgreedSteps {
  unsigned long bits = 0;

  bool keep_leading_space() const;
  bool need_no_answer_to_fields() const;
  bool need_no_answer_to(unsigned long no_reply_step) const { return (bits & no_reply_step) != 0; }
};

// Chooses among the steps that the MTA offers: we do without as many of them, and without as many answers, as
// it can leave out.
AgreedSteps choose_steps(unsigned long offered);

// Is the message at its end? False also where this libmilter does not tell.
bool at_end_of_message(smfi_str* context);

// Asks the MTA for the macros that the daemon looks at, and for no others. Throws std::bad_alloc.
void ask_for_macros(smfi_str* context, const Config& config);

// Remembers what was agreed on for connections whose session has ended.
//
// An MTA may end a session, by SMFIC_QUIT_NC, and begin the next one on the same connection: there is no
// second negotiation then, and libmilter says "closed" in both cases. When a connection is really gone, the
// next one at its address takes its entry over, so that there are never more entries than there were
// connections at once. Thread-safe.
class EndedSessions {
 public:
  // Without memory, nothing is remembered: a next session is deferred, with a line in the log.
  void remember(smfi_str* context, AgreedSteps steps) noexcept;
  std::optional<AgreedSteps> take(smfi_str* context) noexcept;

 private:
  std::mutex mutex_;
  std::unordered_map<smfi_str*, AgreedSteps> steps_;
};

}  // namespace dkim::milter
