#include "milter/check.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include "canon/fragile_fields.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/login_table.hpp"
#include "crypto/settings/publishing_files.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/store/domain_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/lease.hpp"
#include "crypto/store/membership.hpp"
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {
namespace {

// The default of maximal_queue_lifetime in postconf(5).
constexpr std::chrono::seconds queue_lifetime = std::chrono::days(5);

// Writes one line for each problem. A problem of a directory turns up with each file in it and is written
// once.
class Problems {
 public:
  explicit Problems(std::ostream& out) : out_(out) {}

  void add(const std::string& line) {
    if (said_.insert(line).second) out_ << line << '\n';
  }
  int count() const { return static_cast<int>(said_.size()); }

 private:
  std::ostream& out_;
  std::set<std::string> said_;
};

// Runs one check; a fault that it meets is a problem.
template <typename Check>
void look(Problems& problems, Check check) {
  try {
    check();
  } catch (const crypto::Error& error) {
    problems.add(error.what());
  }
}

// Checks each key on its own, so that one broken key does not hide another.
void check_domain(const crypto::KeyStore& store, const canon::DomainName& domain, Problems& problems) {
  look(problems, [&] {
    const auto read = store.read_manifest(domain);
    if (!read) return;
    for (const auto& entry : read->manifest.keys) {
      if (entry.state == crypto::KeyState::active)
        look(problems, [&] { [[maybe_unused]] const auto key = store.load_key(domain, entry); });
    }
  });
}

void check_store(const crypto::KeyStore& store, Problems& problems) {
  look(problems, [&] {
    const auto domains = store.domains();
    look(problems, [&] { store.judge_directory(); });
    for (const auto& domain : domains)
      check_domain(store, domain, problems);
  });
}

// what: what an entry is called.
void check_rule_selectors(std::string_view what, const crypto::SenderRule& rule,
                          const crypto::Manifest& manifest, Problems& problems) {
  for (const auto& selector : rule.selectors) {
    if (manifest.find(selector) != nullptr) continue;
    problems.add(fmt::format("{} for {} names the selector {}, which {} does not have", what, rule.sender,
                             selector.str(), rule.domain->str()));
  }
}

void check_rules(const Config& config, crypto::KeySource& keys, Problems& problems) {
  for (const auto& rule : config.signing.rules) {
    if (!rule.domain) continue;
    try {
      const auto domain = keys.find(*rule.domain);
      if (domain != nullptr) {
        check_rule_selectors("the rule", rule, domain->manifest, problems);
        continue;
      }
      problems.add(fmt::format("the rule for {} names {}, which has no keys in {}", rule.sender,
                               rule.domain->str(), config.signing.key_directory.string()));
    } catch (const crypto::Error&) {
      // The check of the domain itself has reported it.
    }
  }
}

// Only a key that is active will do: without one, on_error holds the mail of these senders.
void check_second_signers(const Config& config, crypto::KeySource& keys, Problems& problems) {
  for (const auto& entry : config.signing.also_sign) {
    look(problems, [&] {
      crypto::SigningIdentity author{
          .domain = *entry.domain, .keys = {}, .author = {}, .matched = entry.sender};
      add_second_signers(author, {entry}, keys);
      check_rule_selectors("also_sign", entry, keys.find(*entry.domain)->manifest, problems);
    });
  }
}

void check_socket_directory(const Config& config, Problems& problems) {
  if (!config.socket.is_unix()) return;
  const auto directory = config.socket.path().parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  problems.add(fmt::format("the socket's directory {} does not exist", directory.string()));
}

void check_metrics(const Config& config, Problems& problems) {
  if (config.metrics.file.empty()) return;
  if (!built_with_metrics()) {
    problems.add("metrics_file is set, but dkimsignd was built without metrics");
    return;
  }
  const auto directory = config.metrics.file.parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  problems.add(fmt::format("the directory of metrics_file, {}, does not exist", directory.string()));
}

// Reports what dkimkey could not use, as far as the daemon's user may see it.
void check_publishing(const crypto::PublishSettings& publish, Problems& problems) {
  const auto fault = crypto::find_publishing_fault(publish);
  if (!fault) return;
  problems.add(fault->remedy.empty() ? fault->what
                                     : fmt::format("{}; fix it with: {}", fault->what, fault->remedy));
}

void check_logins(const crypto::LoginSettings& logins, Problems& problems) {
  if (logins.method == crypto::LoginSettings::Method::table)
    look(problems, [&] { [[maybe_unused]] const auto table = crypto::read_login_table(logins.table); });
}

// A copy that belongs to a fleet signs only as long as its lease runs.
void check_lease(const crypto::KeyStore& store, Problems& problems, std::ostream& out) {
  look(problems, [&] {
    const auto lease = find_lease(store);
    const auto now = crypto::utc_now();
    require_lease(store, lease, now);
    const auto membership = read_membership(store);
    if (!membership || !lease.end || !is_contact_overdue(*membership, now)) return;
    out << fmt::format(
        "warning: this machine's copy of the fleet had its last contact at {}, and signs until {}\n",
        crypto::to_string(membership->contact), crypto::to_string(*lease.end));
  });
}

// Warns of settings that work as written, but perhaps not as their author meant them.
void warn(const Config& config, std::ostream& out) {
  for (const auto& field : canon::fragile_fields(config.signing.fields)) {
    out << fmt::format("warning: {}: {}: {}\n", to_string(field.list), field.name, field.reason);
  }
  for (const auto& network : config.trusted_networks) {
    if (!network.is_everything()) continue;
    out << fmt::format(
        "warning: trusted_networks: {}: mail of anybody who may connect is signed, whoever it claims "
        "to be from\n",
        network.text());
  }
  if (config.logins.method == crypto::LoginSettings::Method::every_domain &&
      config.on_foreign_author != Disposition::accept) {
    out << "warning: on_foreign_author: it has no effect, because logins is \"any\"\n";
  }
  const auto expiration = config.signing.expiration;
  if (expiration.count() > 0 && expiration < queue_lifetime) {
    out << "warning: expiration: mail that waits in a queue, for up to 5 days by Postfix's default, "
           "may arrive with a signature that has expired\n";
  }
}

}  // namespace

int check_everything(const Config& config, std::ostream& out) {
  const crypto::KeyStore store(config.signing.key_directory);
  Problems problems(out);
  check_socket_directory(config, problems);
  check_metrics(config, problems);
  check_store(store, problems);
  check_lease(store, problems, out);
  crypto::UncachedKeySource keys(store);
  check_rules(config, keys, problems);
  check_second_signers(config, keys, problems);
  check_logins(config.logins, problems);
  check_publishing(config.keys.publish, problems);
  for (const auto& [domain, publish] : config.keys.domains)
    check_publishing(publish, problems);
  warn(config, out);
  return problems.count();
}

}  // namespace dkim::milter
