// Writes the mail that a person gets: one for a run, however many concerns there are. Nothing here fails.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keytool/notify/mime_message.hpp"
#include "keytool/notify/notice_plan.hpp"

namespace dkim::keytool {

// Keeps the concerns whose records and reasons a mail may have, up to a limit: a store of any size takes a
// bounded memory, and makes a mail of a bounded size.
class ConcernDetails {
 public:
  // Whether the mail will have the concern. What it may have takes up to a quarter of the room.
  enum class Use { certain, possible };

  void add(Concern concern, Use use = Use::certain);
  // Returns nullptr if it was not kept.
  const Concern* find(const ConcernId& id) const;

 private:
  std::map<ConcernId, Concern> concerns_;
  std::size_t bytes_ = 0;
  std::size_t possible_bytes_ = 0;  // a part of them
};

struct Notice {
  std::string subject;
  std::string text;
  std::optional<MimeText> attachment;
};

// plan: one that has mail. host: this machine's name. now: as the plan's.
Notice notice_of(const NoticePlan& plan, const ConcernDetails& details, const std::string& host,
                 crypto::UtcTime now);

// Returns a mail that shows that mail works, and asks for nothing.
Notice test_notice_of(const std::string& host);

}  // namespace dkim::keytool
