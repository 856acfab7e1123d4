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
      return;
    }
    auto& found = std::get<crypto::SigningIdentity>(identity);
    explanation_.would_sign = true;
    explanation_.author = std::move(found.author);
    explanation_.domain = std::move(found.domain);
    explanation_.rule = found.rule;
    signing_.push_back({*explanation_.domain, std::move(found.keys)});
    add_second_signers(found, settings_.also_sign, source);
    for (auto& second : found.second)
      signing_.push_back(std::move(second));
  }

  void examine(const canon::DomainName& domain) {
    if (daemon_) {
      if (auto problem = reading_problem(store_.manifest_path(domain), *daemon_))
        add_fault(*std::move(problem));
    }
    const auto read = store_.read_manifest(domain);
    if (!read) return;
    for (const auto& entry : read->manifest.keys) {
      const bool signs = is_signing(domain, entry.selector);
      auto problem = key_problem(domain, entry);
      if (problem && signs) add_fault(*problem);
      explanation_.keys.push_back(
          {domain, entry, signs, std::move(problem), slot_copy(read->manifest, entry.selector)});
    }
  }

  bool is_signing(const canon::DomainName& domain, const canon::Selector& selector) const {
    return std::any_of(signing_.begin(), signing_.end(), [&](const crypto::SecondSigner& signer) {
      return signer.domain == domain &&
             std::any_of(signer.keys.begin(), signer.keys.end(),
                         [&](const auto& key) { return key.selector == selector; });
    });
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
  std::vector<crypto::SecondSigner> signing_;  // the first signer, too
  Explanation explanation_;
};

}  // namespace

Explanation explain_malformed(std::string reason) {
  Explanation explanation;
  explanation.reason = std::move(reason);
  return explanation;
}

Explanation explain_authors(const crypto::Authors& authors, const crypto::SigningSettings& settings,
                            const std::optional<Credentials>& daemon,
                            const std::optional<crypto::Login>& login) {
  return Explainer(settings, daemon, login).explain(authors);
}

}  // namespace dkim::keytool
