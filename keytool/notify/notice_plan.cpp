#include "keytool/notify/notice_plan.hpp"

#include <algorithm>
#include <utility>

namespace dkim::keytool {
namespace {

using crypto::UtcTime;

void set_back(std::optional<UtcTime>& time, UtcTime now) {
  if (time && *time > now) time = now;
}

bool is_hand_work(ConcernKind kind) {
  switch (kind) {
    case ConcernKind::publish:
    case ConcernKind::empty:
    case ConcernKind::remove:
      return true;
    case ConcernKind::stuck:
    case ConcernKind::unhandled:
    case ConcernKind::held_up:
      return false;
  }
  return false;
}

class Planner {
 public:
  Planner(const Notebook& notebook, const Sightings& seen, UtcTime now)
      : before_(notebook), seen_(seen), now_(now) {
    plan_.if_sent = notebook;
    plan_.if_not_sent = notebook;
  }

  NoticePlan plan() && {
    for (const auto& [id, certainty] : seen_.open)
      look_after_open(id, certainty);
    tell_with_others();
    for (const auto& [id, note] : before_.notes) {
      if (seen_.gone.contains(id.domain)) {
        erase(id);
      } else if (seen_.reported.contains(id.domain) && !seen_.open.contains(id)) {
        look_after_absent(id, note);
      }
    }
    return std::move(plan_);
  }

 private:
  void look_after_open(const ConcernId& id, Certainty certainty) {
    auto& notes = plan_.if_not_sent.notes;
    const auto [entry, is_new] = notes.try_emplace(id, Note{now_});
    // It comes back, and the note keeps the time of its end until it is told.
    if (entry->second.done && entry->second.told) entry->second = {now_, {}, entry->second.done};
    plan_.if_sent.notes.insert_or_assign(id, entry->second);
    switch (telling_of(is_new ? nullptr : &entry->second, certainty, now_)) {
      case Telling::nothing:
        return;
      case Telling::with_others:
        with_others_.push_back(id);
        return;
      case Telling::fresh:
        tell(id, plan_.fresh);
        return;
      case Telling::again:
        tell(id, plan_.again);
        return;
    }
  }

  void tell_with_others() {
    if (plan_.again.empty()) return;
    for (const auto& id : with_others_)
      tell(id, plan_.again);
    std::sort(plan_.again.begin(), plan_.again.end());
  }

  void tell(const ConcernId& id, std::vector<ConcernId>& list) {
    list.push_back(id);
    auto& note = plan_.if_sent.notes.at(id);
    note = Note{note.since, now_};
  }

  // The concern is not in the report.
  void look_after_absent(const ConcernId& id, const Note& note) {
    if (note.is_open()) {
      end(id, note);
    } else if (!note.done || now_ - *note.done >= reminder_interval) {
      erase(id);
    } else if (!note.told) {
      // It came back for less than a day.
      put(id, {note.since, note.done, note.done});
    }
  }

  void end(const ConcernId& id, const Note& note) {
    switch (other_concern(id)) {
      case Other::stuck:
        return;
      case Other::hand_work:
        erase(id);
        return;
      case Other::none:
        break;
    }
    plan_.done.push_back(id);
    plan_.if_sent.notes.insert_or_assign(id, Note{note.since, note.told, now_});
  }

  enum class Other {
    none,
    stuck,      // the same key's, for which servers could not be asked: nobody knows whether it is over
    hand_work,  // the same key's, whose next step it is
  };

  Other other_concern(const ConcernId& id) const {
    auto found = Other::none;
    for (const auto kind :
         {ConcernKind::publish, ConcernKind::empty, ConcernKind::remove, ConcernKind::stuck}) {
      if (!seen_.open.contains({id.domain, id.selector, kind})) continue;
      if (is_hand_work(kind)) return Other::hand_work;
      found = Other::stuck;
    }
    return found;
  }

  void erase(const ConcernId& id) {
    plan_.if_sent.notes.erase(id);
    plan_.if_not_sent.notes.erase(id);
  }
  void put(const ConcernId& id, const Note& note) {
    plan_.if_sent.notes.insert_or_assign(id, note);
    plan_.if_not_sent.notes.insert_or_assign(id, note);
  }

  const Notebook& before_;
  const Sightings& seen_;
  UtcTime now_;
  std::vector<ConcernId> with_others_;  // that are told again if any other is
  NoticePlan plan_;
};

}  // namespace

Telling telling_of(const Note* note, Certainty certainty, UtcTime now) {
  if (note != nullptr && note->is_open()) {
    const auto passed = now - *note->told;
    if (passed >= reminder_interval) return Telling::again;
    return passed >= reminder_interval - reminders_together ? Telling::with_others : Telling::nothing;
  }
  const bool has_stayed = note != nullptr && now - note->since >= patience;
  const bool is_sure = certainty == Certainty::certain && (note == nullptr || !note->done);
  return is_sure || has_stayed ? Telling::fresh : Telling::nothing;
}

Notebook notebook_for(Notebook notebook, const std::string& recipient, UtcTime now) {
  for (auto& [id, note] : notebook.notes) {
    note.since = std::min(note.since, now);
    set_back(note.told, now);
    set_back(note.done, now);
    if (notebook.recipient != recipient) note = {note.since};
  }
  notebook.recipient = recipient;
  return notebook;
}

NoticePlan plan_notices(const Notebook& notebook, const Sightings& seen, UtcTime now) {
  return Planner(notebook, seen, now).plan();
}

}  // namespace dkim::keytool
