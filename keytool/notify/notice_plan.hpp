// Decides what a person is told, and when. Pure: no clock, no I/O, no failure.
//
// It keeps these promises:
//  - a concern is told once, again each week while it is open, and once when it is over;
//  - reminders that are due within a day go into one mail, so that many concerns make one such mail a day and
//    not one each hour;
//  - a concern that may pass without a person is told only when it has stayed for a day;
//  - one that comes back within a week of its end counts as such a concern, so that what comes and goes every
//    hour is not told;
//  - the end of a concern is told only if its beginning was, and only when DNS has shown it: not while
//    servers cannot be asked.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "keytool/notify/notebook.hpp"

namespace dkim::keytool {

constexpr std::chrono::seconds patience = std::chrono::days(1);
constexpr std::chrono::seconds reminder_interval = std::chrono::days(7);
constexpr std::chrono::seconds reminders_together = std::chrono::days(1);

// What one run has seen.
struct Sightings {
  std::map<ConcernId, Certainty> open;
  // The domains whose turn gave a report, as far as they have concerns or notes. Nothing is known of others.
  std::set<std::string> reported;
  // The domains that are no longer in the store.
  std::set<std::string> gone;
};

// The mail to send, and the notebook afterwards. There is no mail if the first three are empty.
struct NoticePlan {
  std::vector<ConcernId> fresh;  // to be done, and not told before
  std::vector<ConcernId> again;  // told a week ago, less a day or more, and still to be done
  std::vector<ConcernId> done;   // told, and over
  Notebook if_sent;
  Notebook if_not_sent;

  bool has_mail() const { return !fresh.empty() || !again.empty() || !done.empty(); }
};

enum class Telling {
  nothing,
  fresh,
  again,
  with_others,  // again, if any other is told again
};

// Whether a concern that is open now is to be told. note: nullptr if it is seen for the first time.
Telling telling_of(const Note* note, Certainty certainty, crypto::UtcTime now);

// Another recipient was told nothing. Times that are ahead of the clock count as now: it has run wrong.
Notebook notebook_for(Notebook notebook, const std::string& recipient, crypto::UtcTime now);

// notebook: as notebook_for() returns it.
NoticePlan plan_notices(const Notebook& notebook, const Sightings& seen, crypto::UtcTime now);

}  // namespace dkim::keytool
