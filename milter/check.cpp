#include "milter/check.hpp"

#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include "canon/fragile_fields.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/publishing_files.hpp"
#include "crypto/store/domain_keys.hpp"
#include "crypto/store/key_store.hpp"

namespace dkim::milter {
namespace {

// maximal_queue_lifetime of postconf(5).
constexpr std::chrono::seconds queue_lifetime = std::chrono::days(5);

// A line for each problem. What is wrong with a directory is met again with each file in it, and said once.
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

// Calls one of the checks; a fault that it meets is a problem.
template <typename Check>
void look(Problems& problems, Check check) {
  try {
    check();
  } catch (const crypto::Error& error) {
    problems.add(error.what());
  }
}

// Each key on its own, so that one broken key does not hide another.
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

void check_rule_selectors(const crypto::SenderRule& rule, const crypto::Manifest& manifest,
                          Problems& problems) {
  for (const auto& selector : rule.selectors) {
    if (manifest.find(selector) != nullptr) continue;
    problems.add("the rule for " + rule.sender + " names the selector " + selector.str() + ", which " +
                 rule.domain->str() + " does not have");
  }
}

void check_rules(const Config& config, crypto::KeySource& keys, Problems& problems) {
  for (const auto& rule : config.signing.rules) {
    if (!rule.domain) continue;
    try {
      const auto domain = keys.find(*rule.domain);
      if (domain != nullptr) {
        check_rule_selectors(rule, domain->manifest, problems);
        continue;
      }
      problems.add("the rule for " + rule.sender + " names " + rule.domain->str() +
                   ", which has no keys in " + config.signing.key_directory.string());
    } catch (const crypto::Error&) {
      // The domain's own check has said so.
    }
  }
}

void check_socket_directory(const Config& config, Problems& problems) {
  if (!config.socket.is_unix()) return;
  const auto directory = config.socket.path().parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  problems.add("the socket's directory " + directory.string() + " does not exist");
}

void check_metrics_directory(const Config& config, Problems& problems) {
  if (config.metrics.file.empty()) return;
  const auto directory = config.metrics.file.parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  problems.add("the directory of metrics_file, " + directory.string() + ", does not exist");
}

// What dkimkey could not use; not all that it reads is the daemon's user's to see.
void check_publishing(const crypto::PublishSettings& publish, Problems& problems) {
  if (const auto fault = crypto::find_publishing_fault(publish))
    problems.add(fault->what + (fault->remedy.empty() ? "" : "; fix it with: " + fault->remedy));
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
  Problems problems(out);
  check_socket_directory(config, problems);
  check_metrics_directory(config, problems);
  check_store(store, problems);
  crypto::UncachedKeySource keys(store);
  check_rules(config, keys, problems);
  check_publishing(config.keys.publish, problems);
  for (const auto& [domain, publish] : config.keys.domains)
    check_publishing(publish, problems);
  warn(config, out);
  return problems.count();
}

}  // namespace dkim::milter
