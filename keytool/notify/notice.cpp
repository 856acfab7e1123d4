#include "keytool/notify/notice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/printable.hpp"
#include "keytool/notify/concern_text.hpp"

namespace dkim::keytool {
namespace {

// Of all details together. A record of a 2048-bit key takes half a kilobyte; mail servers accept 10 MB.
constexpr std::size_t most_detail_bytes = 1 << 20;
// Up to so many concerns are described in the text itself; more are listed, and their records attached.
constexpr std::size_t most_described = 10;
// The lines of a list. The rest is counted.
constexpr std::size_t most_listed = 100;
constexpr std::size_t longest_subject = 60;

using Ids = std::vector<ConcernId>;

std::size_t size_of(const Concern& concern) {
  const std::size_t record = concern.record ? concern.record->name.size() + concern.record->value.size() : 0;
  return concern.id.domain.size() + concern.id.selector.size() + concern.what.size() +
         concern.otherwise.size() + concern.zone.size() + record;
}

class Writer {
 public:
  Writer(const NoticePlan& plan, const ConcernDetails& details, crypto::UtcTime now)
      : plan_(plan),
        details_(details),
        now_(now),
        is_described_(plan.fresh.size() + plan.again.size() <= most_described) {}

  Notice write(const std::string& host) && {
    Notice notice{subject(), fmt::format("This is dkimkey on {}, which replaces DKIM keys.\n", host), {}};
    notice.text += to_do_text();
    if (!plan_.done.empty())
      notice.text += "\nDONE\n\n" + list(plan_.done, [&](const auto& id) { return ended(id); });
    notice.text += advice();
    if (!is_described_)
      notice.attachment = MimeText{.file_name = "dkim-records.txt", .text = attachment_text()};
    return notice;
  }

 private:
  std::string subject() const {
    const auto count = plan_.fresh.size() + plan_.again.size();
    const std::string_view begin = plan_.fresh.empty() && count > 0 ? "Reminder, DKIM" : "DKIM";
    std::set<std::string_view> domains;
    for (const auto* ids : {&plan_.fresh, &plan_.again, count == 0 ? &plan_.done : nullptr}) {
      if (ids == nullptr) continue;
      for (const auto& id : *ids)
        domains.insert(id.domain);
    }
    const auto whose =
        domains.size() == 1 ? std::string(*domains.begin()) : fmt::format("{} domains", domains.size());
    auto text = count == 0   ? fmt::format("DKIM: done for {}", whose)
                : count == 1 ? fmt::format("{}: something to do for {}", begin, whose)
                             : fmt::format("{}: {} things to do for {}", begin, count, whose);
    if (text.size() > longest_subject)
      text = count == 0 ? "DKIM: done" : fmt::format("{}: {} to do", begin, count);
    return text;
  }

  std::string to_do_text() const {
    std::string text;
    if (!plan_.fresh.empty()) text += "\nTO DO\n\n" + concerns(plan_.fresh);
    if (!plan_.again.empty()) text += "\nSTILL TO DO, as an earlier mail said\n\n" + concerns(plan_.again);
    return text;
  }

  std::string concerns(const Ids& ids) const {
    if (!is_described_) return list(ids, concern_line);
    std::string text;
    for (const auto& id : ids) {
      if (!text.empty()) text += "\n";
      text += fmt::format("{}\n\n", concern_line(id));
      if (const auto* concern = details_.find(id)) text += concern_details(*concern);
    }
    return text;
  }

  template <typename Line>
  static std::string list(const Ids& ids, Line line) {
    std::string text;
    for (std::size_t i = 0; i < std::min(ids.size(), most_listed); ++i)
      text += fmt::format("{}\n", line(ids[i]));
    if (ids.size() > most_listed) text += fmt::format("and {} more\n", ids.size() - most_listed);
    return text;
  }

  std::string ended(const ConcernId& id) const {
    const auto* concern = details_.find(id);
    if (concern == nullptr || concern->what.empty()) return done_line(id);
    return fmt::format("{}; {}", done_line(id), concern->what);
  }

  std::string advice() const {
    if (plan_.fresh.empty() && plan_.again.empty()) return "\nNobody has to do anything now.\n" + ending();
    std::string text = "\n";
    if (!is_described_) text += wrapped("The records are in the attachment, as text of a zone file.", "");
    text += wrapped(fmt::format("Please act by {}: what is still to be done then is in another mail.",
                                crypto::to_string(now_ + reminder_interval).substr(0, 10)),
                    "");
    text +=
        "\nTo see all that is to be done now, and to check a domain:\n\n"
        "  dkimkey rotate --due --all --dry-run\n";
    const auto& first = plan_.fresh.empty() ? plan_.again.front() : plan_.fresh.front();
    return text + fmt::format("  dkimkey check --domain {}\n", first.domain) + ending();
  }

  static std::string ending() {
    return "\nThe setting rotation.notify says who gets these mails: see dkimsignd.conf(5).\n";
  }

  std::string attachment_text() const {
    std::string text;
    std::size_t left_out = 0;
    for (const auto* ids : {&plan_.fresh, &plan_.again}) {
      for (const auto& id : *ids) {
        if (const auto* concern = details_.find(id)) {
          text += concern_zone_text(*concern) + "\n";
        } else {
          ++left_out;
        }
      }
    }
    if (left_out > 0) {
      text += fmt::format("; and {} more, which this command prints: dkimkey rotate --due --all --dry-run\n",
                          left_out);
    }
    return text;
  }

  const NoticePlan& plan_;
  const ConcernDetails& details_;
  crypto::UtcTime now_;
  bool is_described_;
};

}  // namespace

void ConcernDetails::add(Concern concern, Use use) {
  const auto size = size_of(concern);
  const auto possible = use == Use::possible ? size : 0;
  if (bytes_ + size > most_detail_bytes || possible_bytes_ + possible > most_detail_bytes / 4) return;
  bytes_ += size;
  possible_bytes_ += possible;
  const auto id = concern.id;
  concerns_.insert_or_assign(id, std::move(concern));
}

const Concern* ConcernDetails::find(const ConcernId& id) const {
  const auto found = concerns_.find(id);
  return found == concerns_.end() ? nullptr : &found->second;
}

Notice notice_of(const NoticePlan& plan, const ConcernDetails& details, const std::string& host,
                 crypto::UtcTime now) {
  return Writer(plan, details, now).write(canon::printable(host, 253));
}

Notice test_notice_of(const std::string& host) {
  return {"DKIM: a test",
          fmt::format("This is dkimkey on {}. Somebody has asked for this mail, to see that it arrives.\n\n"
                      "Nobody has to do anything now.\n",
                      canon::printable(host, 253)),
          {}};
}

}  // namespace dkim::keytool
