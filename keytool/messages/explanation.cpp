#include <algorithm>

#include "crypto/error.hpp"
#include "keytool/messages/explanation.hpp"

namespace dkim::keytool {
namespace {

// Remembers which domains were asked for on the way to the answer, so that they can be shown.
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

std::optional<std::string> key_problem(const crypto::KeyStore& store, const canon::DomainName& domain,
                                       const crypto::KeyEntry& entry,
                                       const std::optional<Credentials>& daemon) {
  if (entry.state == crypto::KeyState::revoked) return std::nullopt;  // has no file any more
  try {
    store.load_key(domain, entry);
  } catch (const crypto::Error& error) {
    return error.what();
  }
  if (!daemon) return std::nullopt;
  return reading_problem(store.key_path(domain, entry.selector), *daemon);
}

void add_fault(Explanation& explanation, std::string reason) {
  explanation.would_sign = false;
  if (!explanation.fault) explanation.reason = std::move(reason);
  explanation.fault = true;
}

void examine_domain(Explanation& explanation, const crypto::KeyStore& store, const canon::DomainName& domain,
                    const std::vector<crypto::SigningKey>& signing,
                    const std::optional<Credentials>& daemon) {
  if (daemon) {
    if (auto problem = reading_problem(store.manifest_path(domain), *daemon))
      add_fault(explanation, *std::move(problem));
  }
  const auto read = store.read_manifest(domain);
  if (!read) return;
  for (const auto& entry : read->manifest.keys) {
    const bool signs = domain == explanation.domain &&
                       std::any_of(signing.begin(), signing.end(),
                                   [&](const auto& key) { return key.selector == entry.selector; });
    auto problem = key_problem(store, domain, entry, daemon);
    if (problem && signs) add_fault(explanation, *problem);
    explanation.keys.push_back({domain, entry, signs, std::move(problem)});
  }
}

}  // namespace

Explanation explain_malformed(std::string reason) {
  Explanation explanation;
  explanation.reason = std::move(reason);
  return explanation;
}

Explanation explain_authors(const crypto::Authors& authors, const crypto::SigningSettings& settings,
                            const std::optional<Credentials>& daemon) {
  const crypto::KeyStore store(settings.key_directory);
  RecordingKeySource source(store);
  Explanation explanation;
  explanation.author = authors.mailboxes.front().local_part + "@" + authors.mailboxes.front().domain;
  explanation.note = authors.note;
  std::vector<crypto::SigningKey> signing;
  try {
    auto identity = choose_identity(authors, settings.rules, source);
    if (auto* found = std::get_if<crypto::SigningIdentity>(&identity)) {
      explanation.would_sign = true;
      explanation.author = found->author;
      explanation.domain = found->domain;
      explanation.rule = found->rule;
      signing = std::move(found->keys);
    } else {
      const auto& none = std::get<crypto::NoIdentity>(identity);
      explanation.author = none.author;
      explanation.reason = none.reason;
      explanation.rule = none.rule;
    }
  } catch (const crypto::Error& error) {
    add_fault(explanation, error.what());
  }
  for (const auto& domain : source.asked()) {
    try {
      examine_domain(explanation, store, domain, signing, daemon);
    } catch (const crypto::Error& error) {
      add_fault(explanation, error.what());
    }
  }
  return explanation;
}

}  // namespace dkim::keytool
