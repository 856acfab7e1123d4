#include "keytool/doctor/examination.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/doctor/domain/bulk_check.hpp"
#include "keytool/doctor/domain/domain_checks.hpp"
#include "keytool/doctor/host/configuration_check.hpp"
#include "keytool/doctor/host/lease_check.hpp"
#include "keytool/doctor/host/login_table_check.hpp"
#include "keytool/doctor/host/own_address.hpp"
#include "keytool/doctor/host/socket_checks.hpp"
#include "keytool/doctor/host/store_checks.hpp"
#include "keytool/doctor/mta_settings.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/messages/explanation.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t most_domains = 20;

void append(Findings& all, Findings findings) {
  std::move(findings.begin(), findings.end(), std::back_inserter(all));
}

// Resolves links: the queue directories of Postfix and dkimsignd may be spelt differently.
std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code error;
  auto real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real;
}

std::string resolved_socket(const std::string& socket) {
  if (!socket.starts_with("unix:")) return socket;
  const std::filesystem::path path = socket.substr(5);
  return "unix:" + (resolved(path.parent_path()) / path.filename()).string();
}

// A finding after which nothing is to be done.
Finding plain(Severity severity, std::string topic, std::string subject, std::string what) {
  return {severity, std::move(topic), std::move(subject), std::move(what), "", {}};
}

class Examination {
 public:
  Examination(const ExaminationRequest& request, const Configuration& configuration)
      : request_(request),
        configuration_(configuration),
        store_(configuration.signing.key_directory),
        addresses_(request.addresses) {
    if (request.domain) asked_about_ = {*request.domain};
  }

  Findings run() {
    read_mta();
    // This forks, and so comes before any key is in memory.
    const auto socket = resolved_socket(configuration_.clients.socket.text);
    const auto socket_facts = gather_socket_facts(socket, postfix());
    daemon_ = credentials_of(daemon_user_by(socket_facts.direct, socket_facts.path));
    daemon_runs_ = socket_facts.direct.outcome == SocketProbe::Outcome::milter;
    auto configuration_findings = check_configuration(
        request_.configuration_file,
        is_large_store() ? ConfigurationCheck::file_alone : ConfigurationCheck::with_all_keys);
    auto store_findings = examine_store();
    append(store_findings, check_publishing(configuration_.keys));
    append(store_findings, check_login_table(configuration_.logins, daemon_));
    append(findings_, without_repeated(std::move(configuration_findings), store_findings));
    append(findings_, std::move(store_findings));
    if (request_.fleet) append(findings_, check_fleet(*request_.fleet, crypto::utc_now()));
    append(findings_, check_socket(socket_facts));
    append(findings_, check_mta(mta_, socket, configuration_.signing.fields));
    if (mta_.postfix) append(findings_, check_logins(*mta_.postfix, socket, login_policy()));
    append(findings_, check_unsubscribe_fields(configuration_.signing.fields));
    if (mta_.postfix) examine_origin();
    if (request_.ask_dns) {
      examine_address();
      examine_dns();
    }
    return std::move(findings_);
  }

 private:
  void read_mta() {
    mta_ = read_mta_settings(request_.postfix_directory);
    if (!mta_.postfix) return;
    auto& queue = mta_.postfix->main["queue_directory"];
    queue = resolved(queue).string();
  }

  LoginPolicy login_policy() const {
    return {.judged = configuration_.logins.method != crypto::LoginSettings::Method::every_domain,
            .on_foreign_author = configuration_.clients.on_foreign_author};
  }

  const PostfixSettings* postfix() const { return mta_.postfix ? &*mta_.postfix : nullptr; }

  // Stops counting as soon as the answer is known.
  bool is_large_store() const {
    constexpr std::size_t many = 1000;
    std::size_t count = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(store_.directory(), error), end;
         !error && entry != end && count < many; entry.increment(error))
      ++count;
    return count == many;
  }

  Findings examine_store() {
    auto findings = check_key_directory(store_.directory());
    if (!findings.empty() && findings.front().severity != Severity::risk) return findings;
    append(findings, check_lease(store_, crypto::utc_now(), daemon_));
    append(findings, examine_domains());
    return findings;
  }

  Findings examine_domains() {
    Findings findings;
    try {
      const auto domains = domains_of();
      if (domains.empty() && !request_.domain) findings.push_back(empty_store());
      // If it does not run, that is reported instead.
      if (!daemon_ && daemon_runs_ && !domains.empty()) findings.push_back(unknown_daemon());
      if (request_.domain && !store_.stamp(*request_.domain)) {
        const auto signer = signer_of(*request_.domain);
        findings.push_back(signer ? signed_by_another(*signer) : without_keys());
        if (signer) append(findings, examine_domain(*signer));
        return findings;
      }
      if (!request_.domain) asked_about_ = domains;
      for (const auto& domain : domains)
        append(findings, examine_domain(domain));
    } catch (const UsageError&) {
      throw;
    } catch (const crypto::Error& error) {
      findings.push_back(store_trouble(store_.directory().string(), error));
    }
    return findings;
  }

  std::vector<canon::DomainName> domains_of() const {
    if (request_.domain) return {*request_.domain};
    auto domains = store_.domains();
    if (domains.size() <= most_domains) return domains;
    throw UsageError(
        fmt::format("which domain? {} has {}: name one", store_.directory().string(), domains.size()));
  }

  Finding empty_store() const {
    return {Severity::broken,
            "key",
            store_.directory().string(),
            "holds no key: no mail is signed",
            "make one:",
            {"dkimkey generate --selector server"}};
  }

  Finding unknown_daemon() const {
    return plain(Severity::unknown, "key_files", store_.directory().string(),
                 "the daemon's user is not known here, so neither is whether it can read the keys");
  }

  // A parent of the requested domain, or a rule, may sign for it.
  Finding signed_by_another(const canon::DomainName& signer) const {
    return plain(Severity::good, "key", request_.domain->str(),
                 fmt::format("has no keys of its own and is signed as {}", signer.str()));
  }

  Finding without_keys() const {
    return {Severity::broken,
            "key",
            request_.domain->str(),
            "has no keys: its mail is not signed",
            "make one:",
            {fmt::format("dkimkey generate --domain {} --selector server", request_.domain->str())}};
  }

  std::optional<canon::DomainName> signer_of(const canon::DomainName& domain) const {
    const auto explanation = explain_authors({{{"root", domain.str()}}}, configuration_.signing, {}, {});
    return explanation.domain;
  }

  Findings examine_domain(const canon::DomainName& domain) {
    auto findings = check_key_files(store_, domain, daemon_);
    try {
      const auto read = store_.read_manifest(domain);
      if (!read) return findings;
      if (std::ranges::any_of(read->manifest.keys,
                              [](const auto& key) { return key.state == crypto::KeyState::active; }))
        signing_.push_back(domain);
      append(findings, check_keys(domain, read->manifest, configuration_.keys, crypto::utc_now(),
                                  service_manager(), !crypto::is_missing(crypto::membership_path(store_))));
    } catch (const crypto::Error&) {
      // check_key_files has reported it.
    }
    return findings;
  }

  // dkimsignd --check reports the same damaged files.
  static Findings without_repeated(Findings configuration_findings, const Findings& store_findings) {
    std::erase_if(configuration_findings, [&](const auto& finding) {
      return std::any_of(store_findings.begin(), store_findings.end(),
                         [&](const auto& other) { return other.what == finding.what; });
    });
    return configuration_findings;
  }

  // cron's mail is from root@myorigin.
  void examine_origin() {
    const auto origin = canon::DomainName::parse(mta_.postfix->of("myorigin"));
    if (!origin) return;
    const auto explanation = explain_authors({{{"root", origin->str()}}}, configuration_.signing, {}, {});
    const bool has_own_keys = std::any_of(explanation.keys.begin(), explanation.keys.end(),
                                          [&](const auto& key) { return key.domain == *origin; });
    if (explanation.would_sign) {
      findings_.push_back(plain(Severity::good, "myorigin", origin->str(),
                                fmt::format("mail of cron is from root@{}, which is signed", origin->str())));
      return;
    }
    // Keys that do not sign yet, a choice by a rule and a fault are reported elsewhere.
    if (explanation.fault || explanation.rule || has_own_keys || signing_.empty()) return;
    findings_.push_back(
        {Severity::risk,
         "myorigin",
         origin->str(),
         fmt::format("mail of cron is from root@{}, for which no key signs", origin->str()),
         "set it to a domain that has a key:",
         {mta_.postfix->set_command("myorigin", signing_.front().str()), mta_.postfix->reload_command()}});
  }

  // Finds the addresses for the domains' checks. Behind a relay, receivers see the relay's address.
  void examine_address() {
    if (!addresses_.empty() || !mta_.relay().empty()) return;
    const auto sending = sending_addresses(postfix());
    std::copy_if(sending.begin(), sending.end(), std::back_inserter(addresses_), is_public_address);
    others_unknown_ = addresses_.size() < sending.size();
    if (auto trouble = hidden_addresses(sending)) findings_.push_back(*std::move(trouble));
  }

  DomainQuestion question_about(const canon::DomainName& domain) const {
    DomainQuestion question{domain, addresses_, {}};
    // Keys that do not sign yet have records to check, too.
    question.signing_domains = {signer_of(domain).value_or(domain).str()};
    question.others_unknown = others_unknown_;
    question.relay = mta_.relay();
    if (mta_.postfix) question.helo = mta_.postfix->of("smtp_helo_name");
    return question;
  }

  // Adds only new findings: all domains share the address and its PTR record.
  void add_new(Findings found) {
    for (auto& finding : found) {
      const bool said = std::any_of(findings_.begin(), findings_.end(), [&](const auto& other) {
        return other.topic == finding.topic && other.subject == finding.subject && other.what == finding.what;
      });
      if (!said) findings_.push_back(std::move(finding));
    }
  }

  void examine_dns() {
    for_each_domain(
        asked_about_,
        [&](const canon::DomainName& domain) {
          return check_domain_in_dns(question_about(domain), store_, request_.dns);
        },
        [&](const canon::DomainName&, Findings found) { add_new(std::move(found)); },
        [&](const canon::DomainName& domain, const std::string& what) {
          findings_.push_back(plain(Severity::unknown, "dkim", domain.str(), what));
        });
  }

  const ExaminationRequest& request_;
  const Configuration& configuration_;
  const crypto::KeyStore store_;
  std::vector<canon::IpAddress> addresses_;
  bool others_unknown_ = false;  // there are more, behind NAT
  // The domains to check in DNS: the one that was named, or else all of the store.
  std::vector<canon::DomainName> asked_about_;
  // The domains among them, or their parents, that have an active key.
  std::vector<canon::DomainName> signing_;
  MtaSettings mta_;
  std::optional<Credentials> daemon_;
  bool daemon_runs_ = false;
  Findings findings_;
};

}  // namespace

Findings examine(const ExaminationRequest& request, const Configuration& configuration) {
  return Examination(request, configuration).run();
}

}  // namespace dkim::keytool
