#include "milter/check.hpp"

#include <filesystem>
#include <ostream>

#include "canon/fragile_fields.hpp"
#include "crypto/domain_keys.hpp"
#include "crypto/error.hpp"
#include "crypto/key_store.hpp"

namespace dkim::milter {
namespace {

// maximal_queue_lifetime of postconf(5).
constexpr std::chrono::seconds queue_lifetime = std::chrono::days(5);

// Each key on its own, so that one broken key does not hide another.
int check_domain(const crypto::KeyStore& store, const canon::DomainName& domain, std::ostream& out) {
  int problems = 0;
  try {
    const auto read = store.read_manifest(domain);
    if (!read) return 0;
    for (const auto& entry : read->manifest.keys) {
      if (entry.state != crypto::KeyState::active) continue;
      try {
        [[maybe_unused]] const auto key = store.load_key(domain, entry);
      } catch (const crypto::Error& error) {
        out << error.what() << '\n';
        ++problems;
      }
    }
  } catch (const crypto::Error& error) {
    out << error.what() << '\n';
    ++problems;
  }
  return problems;
}

int check_rule_selectors(const crypto::SenderRule& rule, const crypto::Manifest& manifest,
                         std::ostream& out) {
  int problems = 0;
  for (const auto& selector : rule.selectors) {
    if (manifest.find(selector) != nullptr) continue;
    out << "the rule for " << rule.sender << " names the selector " << selector.str() << ", which "
        << rule.domain->str() << " does not have\n";
    ++problems;
  }
  return problems;
}

int check_rules(const Config& config, crypto::KeySource& keys, std::ostream& out) {
  int problems = 0;
  for (const auto& rule : config.signing.rules) {
    if (!rule.domain) continue;
    try {
      const auto domain = keys.find(*rule.domain);
      if (domain != nullptr) {
        problems += check_rule_selectors(rule, domain->manifest, out);
        continue;
      }
      out << "the rule for " << rule.sender << " names " << rule.domain->str() << ", which has no keys in "
          << config.signing.key_directory.string() << '\n';
      ++problems;
    } catch (const crypto::Error&) {
      // The domain's own check has said so.
    }
  }
  return problems;
}

int check_socket_directory(const Config& config, std::ostream& out) {
  if (!config.socket.is_unix()) return 0;
  const auto directory = config.socket.path().parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return 0;
  out << "the socket's directory " << directory.string() << " does not exist\n";
  return 1;
}

int check_metrics_directory(const Config& config, std::ostream& out) {
  if (config.metrics.file.empty()) return 0;
  const auto directory = config.metrics.file.parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return 0;
  out << "the directory of metrics_file, " << directory.string() << ", does not exist\n";
  return 1;
}

// What does what it says, and what its author may still not have wanted.
void warn(const Config& config, std::ostream& out) {
  for (const auto& field : canon::fragile_fields(config.signing.fields)) {
    out << "warning: " << (field.is_oversigned ? "oversigned_headers" : "signed_headers") << ": "
        << field.name << ": " << field.reason << '\n';
  }
  for (const auto& network : config.trusted_networks) {
    if (!network.is_everything()) continue;
    out << "warning: trusted_networks: " << network.text()
        << ": mail of anybody who may connect is signed, whoever it claims to be from\n";
  }
  const auto expiration = config.signing.expiration;
  if (expiration.count() > 0 && expiration < queue_lifetime) {
    out << "warning: expiration: mail that waits in a queue, for up to 5 days by Postfix's default, may "
           "arrive "
           "with a signature that has expired\n";
  }
}

}  // namespace

int check_everything(const Config& config, std::ostream& out) {
  const crypto::KeyStore store(config.signing.key_directory);
  int problems = check_socket_directory(config, out) + check_metrics_directory(config, out);
  try {
    for (const auto& domain : store.domains())
      problems += check_domain(store, domain, out);
  } catch (const crypto::Error& error) {
    out << error.what() << '\n';
    ++problems;
  }
  crypto::UncachedKeySource keys(store);
  problems += check_rules(config, keys, out);
  warn(config, out);
  return problems;
}

}  // namespace dkim::milter
