#include "keytool/messages/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "keytool/keys/key_report.hpp"

namespace dkim::keytool {
namespace {

// Remembers the domains whose keys were looked up on the way to the answer, so that they can be shown.
class RecordingKeySource final : public crypto::KeySource {
 public:
  explicit RecordingKeySource(const crypto::KeyStore& store) : store_(store), source_(store) {}

  std::shared_ptr<const crypto::DomainKeys> find(const canon::DomainName& domain) override {
    if (store_.stamp(domain) && std::find(asked_.begin(), asked_.end(), domain) == asked_.end())
      asked_.push_back(domain);
    return source_.find(domain);
  }

  const std::vector<canon::DomainName>& asked() const { return asked_; }

 private:
  const crypto::KeyStore& store_;
  crypto::UncachedKeySource source_;
  std::vector<canon::DomainName> asked_;
};

class Explainer {
 public:
  Explainer(const crypto::SigningSettings& settings, const std::optional<Credentials>& daemon,
            const std::optional<crypto::Login>& login)
      : settings_(settings), daemon_(daemon), login_(login), store_(settings.key_directory) {}

  Explanation explain(const crypto::Authors& authors) && {
    explanation_.author =
        fmt::format("{}@{}", authors.mailboxes.front().local_part, authors.mailboxes.front().domain);
    explanation_.note = authors.note;
    RecordingKeySource source(store_);
    report_faults([&] { choose(authors, source); });
    for (const auto& domain : source.asked())
      report_faults([&] { examine(domain); });
    return std::move(explanation_);
  }

 private:
  template <typename Work>
  void report_faults(Work work) {
    try {
      work();
    } catch (const crypto::Error& error) {
      add_fault(error.what());
    }
  }

  void add_fault(std::string reason) {
    explanation_.would_sign = false;
    if (!explanation_.fault) explanation_.reason = std::move(reason);
    explanation_.fault = true;
  }

  void choose(const crypto::Authors& authors, RecordingKeySource& source) {
    auto identity = choose_identity(authors, settings_.rules, source);
    if (login_) identity = refuse_foreign_authors(std::move(identity), authors, *login_);
    if (const auto* none = std::get_if<crypto::NoIdentity>(&identity)) {
      explanation_.author = none->author;
      explanation_.reason = none->reason;
      explanation_.rule = none->rule;
      explanation_.foreign_author = none->cause == crypto::NoIdentity::Cause::foreign_author;
      return;
    }
    auto& found = std::get<crypto::SigningIdentity>(identity);
    explanation_.would_sign = true;
    explanation_.author = std::move(found.author);
    explanation_.domain = std::move(found.domain);
    explanation_.rule = found.rule;
    note_signing(*explanation_.domain, found.keys, std::nullopt);
    add_second_signers(found, settings_.also_sign, source);
    for (const auto& second : found.second)
      note_signing(second.domain, second.keys, second.entry);
  }

  void note_signing(const canon::DomainName& domain, const std::vector<crypto::SigningKey>& keys,
                    std::optional<std::size_t> also_sign) {
    for (const auto& key : keys)
      signing_.push_back({domain, key.selector, also_sign});
  }

  void examine(const canon::DomainName& domain) {
    if (daemon_) {
      if (auto problem = reading_problem(store_.manifest_path(domain), *daemon_))
        add_fault(*std::move(problem));
    }
    const auto read = store_.read_manifest(domain);
    if (!read) return;
    for (const auto& entry : read->manifest.keys) {
      const auto* signing = find_signing(domain, entry.selector);
      auto problem = key_problem(domain, entry);
      if (problem && signing != nullptr) add_fault(*problem);
      explanation_.keys.push_back({domain, entry, signing != nullptr,
                                   signing == nullptr ? std::nullopt : signing->also_sign, std::move(problem),
                                   slot_copy(read->manifest, entry.selector)});
    }
  }

  // A key that signs.
  struct Signing {
    canon::DomainName domain;
    canon::Selector selector;
    std::optional<std::size_t> also_sign;
  };

  const Signing* find_signing(const canon::DomainName& domain, const canon::Selector& selector) const {
    const auto found = std::find_if(signing_.begin(), signing_.end(), [&](const Signing& signing) {
      return signing.domain == domain && signing.selector == selector;
    });
    return found == signing_.end() ? nullptr : &*found;
  }

  std::optional<std::string> key_problem(const canon::DomainName& domain,
                                         const crypto::KeyEntry& entry) const {
    if (entry.state == crypto::KeyState::revoked) return std::nullopt;  // its file is destroyed
    try {
      store_.load_key(domain, entry);
    } catch (const crypto::Error& error) {
      return error.what();
    }
    if (!daemon_) return std::nullopt;
    return reading_problem(store_.key_path(domain, entry), *daemon_);
  }

  const crypto::SigningSettings& settings_;
  const std::optional<Credentials>& daemon_;
  const std::optional<crypto::Login>& login_;
  crypto::KeyStore store_;
  std::vector<Signing> signing_;
  Explanation explanation_;
};

}  // namespace

Explanation explain_malformed(std::string reason) {
  Explanation explanation;
  explanation.reason = std::move(reason);
  return explanation;
}

Explanation with_login_table(Explanation explanation, const crypto::LoginSettings& logins,
                             const std::optional<Credentials>& daemon) {
  if (!daemon || logins.method != crypto::LoginSettings::Method::table) return explanation;
  // The daemon reads it only for mail that somebody would sign.
  if (!explanation.would_sign && !explanation.foreign_author) return explanation;
  if (auto problem = reading_problem(logins.table, *daemon)) {
    explanation.would_sign = explanation.foreign_author = false;
    explanation.fault = true;
    explanation.reason = *std::move(problem);
  }
  return explanation;
}

Explanation explain_authors(const crypto::Authors& authors, const crypto::SigningSettings& settings,
                            const std::optional<Credentials>& daemon,
                            const std::optional<crypto::Login>& login) {
  return Explainer(settings, daemon, login).explain(authors);
}

}  // namespace dkim::keytool
