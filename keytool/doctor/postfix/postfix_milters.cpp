// smtpd_milters and non_smtpd_milters: is dkimsignd's socket in them, once, and last?
#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"

namespace dkim::keytool {
namespace {

// What the lists' users bring in, for the reader.
std::string whose_mail(const MailEntry& entry) {
  return entry.list_setting == "smtpd_milters" ? "mail that comes in by SMTP"
                                               : "mail of cron and of programs that call sendmail(1)";
}

// The list as it should be: without what was meant to be dkimsignd, and with it at the end, after those
// milters that may change the message.
std::string mended_list(const MailEntry& entry, const std::string& socket, const std::string& endpoint) {
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
      findings_.push_back(
          {Severity::unknown,
           "smtpd_milter_maps",
           settings_.of("smtpd_milter_maps"),
           "other milters than those of smtpd_milters are used for some clients",
           "see that the clients whose mail is to be signed are not among them, or get dkimsignd there",
           {}});
    }
    return std::move(findings_);
  }

 private:
  // Does it matter that this entry does not sign?
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

  // main.cf's; the lists of single services are told by check_overrides, where they lack it.
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
      add_lacking(*lacking, Severity::broken, "main.cf", "");
    } else if (named) {
      good("names dkimsignd's socket");
    } else if (excused) {
      good("mail is signed where the content filter hands it back");
    } else if (!overridden) {
      good("not used: master.cf has no such service");
    }
  }

  void add_lacking(const MailEntry& entry, Severity severity, const std::string& subject,
                   const std::string& where) {
    const auto endpoint = endpoint_for(socket_, entry.jail);
    if (!endpoint) {
      add_unreachable(entry);
      return;
    }
    Finding finding{severity, entry.list_setting, subject, "", "let Postfix hand it over:", {}};
    const auto meant = std::find_if(entry.milters.begin(), entry.milters.end(),
                                    [&](const auto& milter) { return resembles_socket(milter, socket_); });
    if (meant != entry.milters.end() && meant->is_unix()) {
      finding.what = "names " + meant->text + ", which is " + endpoint_path(*meant, entry.jail).string() +
                     (entry.jail.chrooted ? " from inside the chroot" : "") + ", but dkimsignd listens on " +
                     socket_.substr(socket_.find(':') + 1);
    } else if (meant != entry.milters.end()) {
      finding.what = "names " + meant->text + ", but dkimsignd listens on " + socket_;
    } else {
      finding.what = "does not name dkimsignd's socket";
    }
    finding.what += ": " + whose_mail(entry) + where + " is not signed";
    const auto list = mended_list(entry, socket_, *endpoint);
    finding.paste = {subject == "main.cf"
                         ? settings_.set_command(entry.list_setting, list)
                         : settings_.set_command(*entry.list_owner, entry.list_setting, list),
                     settings_.reload_command()};
    findings_.push_back(std::move(finding));
  }

  // Said once, however many services it shuts out.
  void add_unreachable(const MailEntry& entry) {
    if (unreachable_said_) return;
    unreachable_said_ = true;
    findings_.push_back(
        {Severity::broken,
         "socket",
         socket_,
         "lies outside of " + entry.jail.queue_directory.string() + ", the chroot that Postfix's " +
             entry.service->label() + " runs in: nothing in there can reach it",
         "let dkimsignd listen inside, by this line of its configuration:",
         {"socket = \"unix:" + (entry.jail.queue_directory / "dkimsignd/dkimsignd.sock").string() + "\";"}});
  }

  // What master.cf sets otherwise for a single service.
  void check_overrides() {
    bool all_said = false;
    for (const auto& entry : entries_) {
      if (is_excused(entry)) continue;
      if (has_own_list(entry) && !entry.named) {
        add_lacking(entry, is_named_anywhere(entry.list_setting) ? Severity::risk : Severity::broken,
                    entry.list_owner->label(),
                    " through this service of master.cf, which has a list of its own,");
      }
      if (!entry.switched_off) continue;
      const bool own = entry.service->overrides.contains("receive_override_options");
      if (!own && all_said) continue;
      all_said = all_said || !own;
      findings_.push_back({own ? Severity::risk : Severity::broken,
                           "receive_override_options",
                           own ? entry.service->label() : "main.cf",
                           "no_milters: " + whose_mail(entry) + (own ? " through this service" : "") +
                               " reaches no milter and is not signed",
                           "take no_milters out of it",
                           {}});
    }
  }

  // Other milters of a list: those that come after, and those that sign as well.
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
             entry.list_setting + " names dkimsignd more than once: each message is signed as often",
             "leave it in once, at the end",
             {}});
      }
      for (auto milter = entry.milters.begin(); milter != entry.milters.end(); ++milter) {
        if (ours(*milter)) continue;
        check_neighbour(entry, *milter, milter > first);
      }
    }
  }

  static std::string list_place(const MailEntry& entry) {
    return has_own_list(entry) ? entry.list_owner->label() : "main.cf";
  }

  void check_neighbour(const MailEntry& entry, const MilterEndpoint& milter, bool after) {
    const auto name = canon::lower_case(milter.text);
    if (name.find("opendkim") != std::string::npos) {
      findings_.push_back({Severity::risk,
                           "signed_twice",
                           list_place(entry),
                           entry.list_setting + " has OpenDKIM as well (" + milter.text +
                               "): unless it only verifies, each message is signed twice",
                           "take it out of the list",
                           {}});
    } else if (after && name.find("opendmarc") == std::string::npos) {
      findings_.push_back({Severity::risk,
                           "milter_order",
                           list_place(entry),
                           milter.text + " comes after dkimsignd in " + entry.list_setting +
                               ": what it changes in the message breaks the signature",
                           "let dkimsignd be the last of the list",
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
