#include "keytool/notify/notifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "crypto/error.hpp"
#include "keytool/cli/own_domain.hpp"
#include "keytool/notify/sender.hpp"
#include "keytool/notify/sendmail.hpp"

namespace dkim::keytool {
namespace {

// Bounds memory in a store of any size. Those left out are told once others are done.
constexpr std::size_t most_concerns = 500'000;

std::string random_word() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

// The right side of a Message-ID (RFC 5322 §3.6.4); the name is only to be this host's.
std::string host_for_id() {
  const auto host = canon::DomainName::parse(host_name());
  return host ? host->str() : "localhost";
}

// Notes are sorted by domain first.
auto notes_of(const Notebook& notebook, const std::string& domain) {
  return notebook.notes.lower_bound({domain, {}, ConcernKind::publish});
}

// How a key goes on after a person has published its record.
std::string course_of(const TurnReport& report, const std::string& selector) {
  for (const auto& key : report.manifest.keys) {
    if (key.selector.str() == selector && key.state == crypto::KeyState::active)
      return "mail is signed with it now";
  }
  for (const auto& waiting : report.waiting) {
    if (waiting.selector.str() == selector && waiting.until)
      return fmt::format("the next step is after {}", crypto::to_string(*waiting.until));
  }
  return {};
}

}  // namespace

Notifier::Notifier(const Configuration& configuration, crypto::UtcTime now)
    : configuration_(configuration), now_(now) {
  try {
    noted_ =
        notebook_for(read_notebook(configuration.signing.key_directory).notebook, recipient().str(), now);
  } catch (const crypto::Error&) {
    // tell() reads again, and says so.
  }
}

void Notifier::see(const canon::DomainName& domain, const TurnReport& report) {
  auto concerns = concerns_of(domain, report, configuration_.keys.publish_for(domain).method);
  const auto noted = notes_of(noted_, domain.str());
  const bool has_notes = noted != noted_.notes.end() && noted->first.domain == domain.str();
  if (!has_notes && concerns.empty()) return;
  seen_.reported.insert(domain.str());
  for (auto& concern : concerns)
    add(std::move(concern));
  if (has_notes) explain_end(domain, report);
}

void Notifier::see_failure(const canon::DomainName& domain, const std::string& what) {
  add(concern_of_failure(domain, what));
}

void Notifier::add(Concern concern) {
  if (seen_.open.size() >= most_concerns) return;
  seen_.open.emplace(concern.id, concern.certainty);
  const auto note = noted_.notes.find(concern.id);
  const auto* known = note == noted_.notes.end() ? nullptr : &note->second;
  switch (telling_of(known, concern.certainty, now_)) {
    case Telling::nothing:
      return;
    case Telling::with_others:
      details_.add(std::move(concern), ConcernDetails::Use::possible);
      return;
    case Telling::fresh:
    case Telling::again:
      details_.add(std::move(concern));
      return;
  }
}

void Notifier::explain_end(const canon::DomainName& domain, const TurnReport& report) {
  for (auto note = notes_of(noted_, domain.str());
       note != noted_.notes.end() && note->first.domain == domain.str(); ++note) {
    if (!note->second.is_open() || seen_.open.contains(note->first)) continue;
    details_.add({.id = note->first, .what = course_of(report, note->first.selector)});
  }
}

void Notifier::forget_all_but(const std::vector<canon::DomainName>& domains) {
  const auto is_there = [&](const std::string& name) {
    const auto found =
        std::lower_bound(domains.begin(), domains.end(), name,
                         [](const auto& domain, const auto& text) { return domain.str() < text; });
    return found != domains.end() && found->str() == name;
  };
  for (const auto& [id, note] : noted_.notes) {
    if (!is_there(id.domain)) seen_.gone.insert(id.domain);
  }
}

std::string Notifier::message_of(Notice notice) const {
  return mime_text({.from = sender_mailbox(configuration_.signing),
                    .to = recipient().str(),
                    .subject = std::move(notice.subject),
                    .message_id = fmt::format("{}.dkimkey@{}", random_word(), host_for_id()),
                    .boundary = fmt::format("=_{}{}", random_word(), random_word()),
                    .date = now_,
                    .text = std::move(notice.text),
                    .attachment = std::move(notice.attachment)});
}

Notice Notifier::notice_about(const NoticePlan& plan) const {
  return notice_of(plan, details_, host_for_id(), now_);
}

std::string Notifier::send_test() const {
  send_mail(configuration_.keys.sendmail, recipient(), message_of(test_notice_of(host_for_id())));
  return fmt::format("sent a mail to {}: see whether it arrives\n", recipient().str());
}

std::string Notifier::tell() {
  if (seen_.open.empty() && noted_.notes.empty()) return {};
  const LockedNotebook file(configuration_.signing.key_directory);
  // Another run may have told it meanwhile.
  auto stored = file.read();
  auto report = stored.damage.empty() ? std::string() : fmt::format("{}\n", stored.damage);
  const auto noted = notebook_for(stored.notebook, recipient().str(), now_);
  const auto plan = plan_notices(noted, seen_, now_);
  if (!plan.has_mail()) {
    if (plan.if_not_sent == stored.notebook) return report;
    file.stage(plan.if_not_sent);
    file.commit();
    return report;
  }
  file.stage(plan.if_sent);
  try {
    send_mail(configuration_.keys.sendmail, recipient(), message_of(notice_about(plan)));
  } catch (const crypto::Error&) {
    // Since when a concern has been seen is kept.
    file.stage(plan.if_not_sent);
    file.commit();
    throw;
  }
  file.commit();
  return report + fmt::format("told {} by mail: {} to do, {} still to do, {} done\n", recipient().str(),
                              plan.fresh.size(), plan.again.size(), plan.done.size());
}

std::string Notifier::preview() const {
  const auto stored = read_notebook(configuration_.signing.key_directory);
  const auto plan = plan_notices(notebook_for(stored.notebook, recipient().str(), now_), seen_, now_);
  return plan.has_mail() ? message_of(notice_about(plan)) : std::string();
}

}  // namespace dkim::keytool
