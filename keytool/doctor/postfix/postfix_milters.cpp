// Checks that smtpd_milters and non_smtpd_milters name dkimsignd's socket once, and last.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"

namespace dkim::keytool {
namespace {

// Describes the mail that a list is for.
std::string whose_mail(const MailEntry& entry) {
  return entry.list_setting == "smtpd_milters" ? "mail that comes in by SMTP"
                                               : "mail of cron and of programs that call sendmail(1)";
}

// Returns the list as it should be: without what was meant to be dkimsignd, and with dkimsignd at the end,
// after the milters that may change the message.
std::string corrected_list(const MailEntry& entry, const std::string& socket, const std::string& endpoint) {
  std::string list;
  for (const auto& milter : entry.milters) {
    if (!resembles_socket(milter, socket)) list += milter.written + ", ";
  }
  return list + endpoint;
}

class ListChecks {
 public:
  ListChecks(const PostfixSettings& settings, const std::string& socket)
      : settings_(settings), socket_(socket), entries_(mail_entries(settings, socket)) {
    signed_after_filter_ = std::any_of(entries_.begin(), entries_.end(),
                                       [](const auto& entry) { return entry.reinjects && entry.signs(); });
  }

  Findings run() {
    for (const auto* setting : {"smtpd_milters", "non_smtpd_milters"})
      check_list(setting);
    check_overrides();
    check_company();
    if (!settings_.of("smtpd_milter_maps").empty()) {
      findings_.push_back({Severity::unknown,
                           "smtpd_milter_maps",
                           settings_.of("smtpd_milter_maps"),
                           "some clients have other milters than those in smtpd_milters",
                           "make sure that clients whose mail should be signed are not among them, or have "
                           "dkimsignd there as well",
                           {}});
    }
    return std::move(findings_);
  }

 private:
  // Returns whether this entry need not sign.
  bool is_excused(const MailEntry& entry) const {
    return entry.reinjects || (entry.filtered() && signed_after_filter_);
  }

  static bool has_own_list(const MailEntry& entry) {
    return entry.list_owner != nullptr && entry.list_owner->overrides.contains(entry.list_setting);
  }

  bool is_named_anywhere(const std::string& setting) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& entry) { return entry.list_setting == setting && entry.named; });
  }

  // Checks main.cf's list; check_overrides reports services whose own list lacks dkimsignd.
  void check_list(std::string_view setting) {
    const MailEntry* lacking = nullptr;
    bool named = false;
    bool excused = false;
    bool overridden = false;
    for (const auto& entry : entries_) {
      if (entry.list_setting != setting) continue;
      overridden = overridden || has_own_list(entry);
      if (has_own_list(entry)) continue;
      named = named || entry.named;
      excused = excused || is_excused(entry);
      if (!entry.named && !is_excused(entry) && lacking == nullptr) lacking = &entry;
    }
    const auto good = [&](const char* what) {
      findings_.push_back({Severity::good, std::string(setting), "main.cf", what, "", {}});
    };
    if (lacking != nullptr) {
      add_lacking(*lacking, Severity::broken);
    } else if (named) {
      good("names dkimsignd's socket");
    } else if (excused) {
      good("mail is signed where the content filter hands it back");
    } else if (!overridden) {
      good("not used: master.cf has no such service");
    }
  }

  void add_lacking(const MailEntry& entry, Severity severity) {
    const auto endpoint = endpoint_for(socket_, entry.jail);
    if (!endpoint) {
      add_unreachable(entry);
      return;
    }
    const auto list = corrected_list(entry, socket_, *endpoint);
    const std::string fault = fault_of_list(entry);
    Finding finding{severity, entry.list_setting, list_place(entry), "", "let Postfix hand it over:", {}};
    if (has_own_list(entry)) {
      finding.what =
          fmt::format("{}: {} through this service of master.cf, which has its own list, is not signed",
                      fault, whose_mail(entry));
      finding.paste = {settings_.set_command(*entry.list_owner, entry.list_setting, list)};
    } else {
      finding.what = fmt::format("{}: {} is not signed", fault, whose_mail(entry));
      finding.paste = {settings_.set_command(entry.list_setting, list)};
    }
    finding.paste.push_back(settings_.reload_command());
    findings_.push_back(std::move(finding));
  }

  // Says how a list lacks dkimsignd.
  std::string fault_of_list(const MailEntry& entry) const {
    const auto meant = std::find_if(entry.milters.begin(), entry.milters.end(),
                                    [&](const auto& milter) { return resembles_socket(milter, socket_); });
    if (meant == entry.milters.end()) return "does not name dkimsignd's socket";
    if (!meant->is_unix()) return fmt::format("names {}, but dkimsignd listens on {}", meant->text, socket_);
    return fmt::format("names {}, which is {}{}, but dkimsignd listens on {}", meant->text,
                       endpoint_path(*meant, entry.jail).string(),
                       entry.jail.chrooted ? " from inside the chroot" : "",
                       socket_.substr(socket_.find(':') + 1));
  }

  // Reports it once, however many services are affected.
  void add_unreachable(const MailEntry& entry) {
    if (unreachable_said_) return;
    unreachable_said_ = true;
    findings_.push_back(
        {Severity::broken,
         "socket",
         socket_,
         fmt::format("is outside {}, the chroot that Postfix's {} runs in: nothing in there can reach it",
                     entry.jail.queue_directory.string(), entry.service->label()),
         "let dkimsignd listen inside, with this line in its configuration:",
         {fmt::format("socket = \"unix:{}\";",
                      (entry.jail.queue_directory / "dkimsignd/dkimsignd.sock").string())}});
  }

  // Checks what master.cf sets differently for single services.
  void check_overrides() {
    bool all_said = false;
    for (const auto& entry : entries_) {
      if (is_excused(entry)) continue;
      if (has_own_list(entry) && !entry.named) {
        add_lacking(entry, is_named_anywhere(entry.list_setting) ? Severity::risk : Severity::broken);
      }
      if (!entry.switched_off) continue;
      const bool own = entry.service->overrides.contains("receive_override_options");
      if (!own && all_said) continue;
      all_said = all_said || !own;
      findings_.push_back({own ? Severity::risk : Severity::broken,
                           "receive_override_options",
                           own ? entry.service->label() : "main.cf",
                           fmt::format("no_milters: {}{} reaches no milter and is not signed",
                                       whose_mail(entry), own ? " through this service" : ""),
                           "remove no_milters from it",
                           {}});
    }
  }

  // Checks the other milters of a list: those that come after, and those that sign as well.
  void check_company() {
    std::set<std::string> seen;
    for (const auto& entry : entries_) {
      if (!entry.named || !seen.insert(entry.list_setting + " of " + list_place(entry)).second) continue;
      const auto ours = [&](const MilterEndpoint& milter) {
        return is_same_socket(milter, entry.jail, socket_);
      };
      const auto first = std::find_if(entry.milters.begin(), entry.milters.end(), ours);
      if (std::count_if(entry.milters.begin(), entry.milters.end(), ours) > 1) {
        findings_.push_back(
            {Severity::risk,
             "signed_twice",
             list_place(entry),
             fmt::format("{} names dkimsignd more than once: each message gets as many signatures",
                         entry.list_setting),
             "leave it in once, at the end",
             {}});
      }
      for (auto milter = entry.milters.begin(); milter != entry.milters.end(); ++milter) {
        if (ours(*milter)) continue;
        check_neighbour(entry, *milter, milter > first ? Position::after : Position::before);
      }
    }
  }

  static std::string list_place(const MailEntry& entry) {
    return has_own_list(entry) ? entry.list_owner->label() : "main.cf";
  }

  // Where another milter is in the list, relative to dkimsignd.
  enum class Position { before, after };

  void check_neighbour(const MailEntry& entry, const MilterEndpoint& milter, Position position) {
    const auto name = canon::lower_case(milter.text);
    if (name.find("opendkim") != std::string::npos) {
      findings_.push_back(
          {Severity::risk,
           "signed_twice",
           list_place(entry),
           fmt::format("{} has OpenDKIM as well ({}): unless it only verifies, each message is "
                       "signed twice",
                       entry.list_setting, milter.text),
           "remove it from the list",
           {}});
    } else if (position == Position::after && name.find("opendmarc") == std::string::npos) {
      findings_.push_back(
          {Severity::risk,
           "milter_order",
           list_place(entry),
           fmt::format("{} comes after dkimsignd in {}: any change it makes to the message breaks the "
                       "signature",
                       milter.text, entry.list_setting),
           "put dkimsignd last in the list",
           {}});
    }
  }

  const PostfixSettings& settings_;
  const std::string& socket_;
  std::vector<MailEntry> entries_;
  bool signed_after_filter_ = false;
  bool unreachable_said_ = false;
  Findings findings_;
};

}  // namespace

Findings check_milter_lists(const PostfixSettings& settings, const std::string& socket) {
  return ListChecks(settings, socket).run();
}

}  // namespace dkim::keytool
