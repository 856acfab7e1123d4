#include "keytool/doctor/host/store_checks.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/trusted_path.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyState;

constexpr std::chrono::days slack{3};
// After this, the person who should publish the record seems to have forgotten it.
constexpr std::chrono::days longest_pending{14};
constexpr int enough_bits = 2048;

std::string days_text(std::chrono::seconds time) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(time).count();
  return fmt::format("{} {}", days, days == 1 ? "day" : "days");
}

bool any_key(const crypto::Manifest& manifest, KeyState state) {
  return std::any_of(manifest.keys.begin(), manifest.keys.end(),
                     [&](const auto& key) { return key.state == state; });
}

// Returns a command that makes a key. A domain uses each selector only once.
std::string generate_command(const canon::DomainName& domain, const crypto::Manifest& manifest) {
  std::string selector = "server";
  const auto is_taken = [&] {
    return std::any_of(manifest.keys.begin(), manifest.keys.end(),
                       [&](const auto& key) { return key.selector.str() == selector; });
  };
  for (int number = 2; is_taken(); ++number)
    selector = "server" + std::to_string(number);
  return fmt::format("dkimkey generate --domain {} --selector {}", domain.str(), selector);
}

Finding no_active_key(const canon::DomainName& domain, const crypto::Manifest& manifest) {
  const std::string option = " --domain " + domain.str();
  if (any_key(manifest, KeyState::pending)) {
    return {Severity::broken,
            "key",
            domain.str(),
            "its key is pending, not active: its mail is not signed",
            "publish the record, then let the key sign:",
            {"dkimkey show" + option, "dkimkey activate" + option}};
  }
  return {Severity::broken, "key",
          domain.str(),     "has no active key: its mail is not signed",
          "make one:",      {generate_command(domain, manifest)}};
}

Findings check_active(const canon::DomainName& domain, const crypto::Manifest& manifest,
                      const crypto::KeySettings& policy, crypto::UtcTime now, ServiceManager manager) {
  Findings findings;
  bool only_ed25519 = true;
  for (const auto& key : manifest.keys) {
    if (key.state != KeyState::active) continue;
    only_ed25519 = only_ed25519 && key.algorithm == crypto::Algorithm::ed25519;
    if (key.algorithm == crypto::Algorithm::rsa && key.bits < enough_bits) {
      findings.push_back(
          {Severity::risk,
           "key_size",
           crypto::record_name(key.selector, domain),
           fmt::format("has {} bits: receivers may come to ignore less than {}", key.bits, enough_bits),
           "replace it by a larger one:",
           {generate_command(domain, manifest) + " --bits 2048"}});
    }
    const auto age = now - key.activated.value_or(key.created);
    if (age > policy.every + slack) {
      auto advice = how_to_rotate(manager, "dkimkey rotate --domain " + domain.str());
      findings.push_back({Severity::risk, "rotation", crypto::record_name(key.selector, domain),
                          fmt::format("has signed for {}; \"rotation\" asks for a new key every {}: does "
                                      "\"dkimkey rotate --due\" run?",
                                      days_text(age), days_text(policy.every)),
                          std::move(advice.what), std::move(advice.commands)});
    }
  }
  if (only_ed25519) {
    findings.push_back({Severity::risk,
                        "algorithm",
                        domain.str(),
                        "only an Ed25519 key is active: not all large receivers verify it",
                        "add an RSA key; each message then gets two signatures:",
                        {generate_command(domain, manifest) + " --algorithm rsa"}});
  }
  return findings;
}

Findings check_waiting(const canon::DomainName& domain, const crypto::Manifest& manifest,
                       const crypto::KeySettings& policy, crypto::UtcTime now, bool in_fleet) {
  Findings findings;
  for (const auto& key : manifest.keys) {
    if (key.state == KeyState::pending && now - key.created > longest_pending) {
      findings.push_back(
          {Severity::risk,
           "rotation",
           crypto::record_name(key.selector, domain),
           fmt::format("has been pending for {}: it still does not sign", days_text(now - key.created)),
           "see what it waits for:",
           {"dkimkey rotate --domain " + domain.str()}});
    }
    // In a fleet the drain begins when no machine signs with the key any more.
    const auto last_use = std::max(key.retired, key.stopped);
    const bool is_late =
        key.state == KeyState::retiring && key.retired && now - *last_use > policy.drain + slack;
    if (is_late && in_fleet && !key.stopped) {
      findings.push_back({Severity::note,
                          "rotation",
                          crypto::record_name(key.selector, domain),
                          fmt::format("retired {} ago, and a machine of the fleet may still sign with it",
                                      days_text(now - *key.retired)),
                          "see which one it is, and until when:",
                          {"dkimkey fleet status"}});
    } else if (is_late) {
      findings.push_back(
          {Severity::risk,
           "rotation",
           crypto::record_name(key.selector, domain),
           fmt::format("retired {} ago and still has its private key: it should have been revoked "
                       "after {}",
                       days_text(now - *key.retired), days_text(policy.drain)),
           "continue the rotation:",
           {"dkimkey rotate --due --domain " + domain.str()}});
    }
  }
  return findings;
}

std::optional<Finding> reading_trouble(const std::filesystem::path& path, const Credentials& daemon) {
  const auto obstacle = reading_obstacle(path, daemon);
  if (!obstacle) return std::nullopt;
  Finding finding{Severity::broken, "key_files", path.string(), obstacle->what, "", {}};
  if (!obstacle->remedy.empty()) {
    finding.advice = "let it:";
    finding.paste = {obstacle->remedy};
  }
  return finding;
}

// Returns nothing if the error has another reason.
std::optional<crypto::Distrust> distrust_in(const crypto::Error& error) {
  if (const auto* path = dynamic_cast<const crypto::UntrustedPath*>(&error)) return path->distrust();
  if (const auto* key = dynamic_cast<const crypto::KeyFileError*>(&error)) return key->distrust();
  return std::nullopt;
}

std::optional<Finding> key_file_trouble(const crypto::KeyStore& store, const canon::DomainName& domain,
                                        const crypto::KeyEntry& key,
                                        const std::optional<Credentials>& daemon) {
  const auto path = store.key_path(domain, key);
  try {
    [[maybe_unused]] const auto loaded = store.load_key(domain, key);
  } catch (const crypto::Error& error) {
    return store_trouble(path.string(), error);
  }
  return daemon ? reading_trouble(path, *daemon) : std::nullopt;
}

}  // namespace

Finding store_trouble(const std::string& subject, const crypto::Error& error) {
  if (geteuid() != 0)
    return {Severity::unknown, "key_files", subject, error.what(), "run dkimkey doctor as root", {}};
  if (const auto distrust = distrust_in(error))
    return {Severity::broken, "key_files", subject, distrust->what, "fix it:", {distrust->remedy}};
  return {Severity::broken, "key_files", subject, error.what(), "", {}};
}

Findings check_keys(const canon::DomainName& domain, const crypto::Manifest& manifest,
                    const crypto::KeySettings& policy, crypto::UtcTime now, ServiceManager manager,
                    bool in_fleet) {
  if (!any_key(manifest, KeyState::active)) return {no_active_key(domain, manifest)};
  auto findings = check_active(domain, manifest, policy, now, manager);
  for (auto& waiting : check_waiting(domain, manifest, policy, now, in_fleet))
    findings.push_back(std::move(waiting));
  for (const auto& key : manifest.keys) {
    if (key.state == KeyState::active) {
      findings.push_back({Severity::good,
                          "key",
                          crypto::record_name(key.selector, domain),
                          fmt::format("{}, active", kind_text(key.algorithm, key.bits)),
                          "",
                          {}});
    }
  }
  return findings;
}

Findings check_key_directory(const std::filesystem::path& directory) {
  struct stat status = {};
  if (stat(directory.c_str(), &status) != 0) {
    if (errno == EACCES) {
      return {{Severity::unknown,
               "key_directory",
               directory.string(),
               "cannot be looked at",
               "run dkimkey doctor as root",
               {}}};
    }
    // In the store's words, so that dkimsignd --check's report is recognized as the same.
    std::string what = "cannot be read";
    try {
      (void)crypto::KeyStore(directory).domains();
    } catch (const crypto::Error& error) {
      what = error.what();
    }
    return {{Severity::broken,
             "key_directory",
             directory.string(),
             what,
             "make a first key, and the directory with it:",
             {"dkimkey generate --selector server"}}};
  }
  if (access(directory.c_str(), R_OK | X_OK) != 0) {
    return {{Severity::unknown,
             "key_directory",
             directory.string(),
             "cannot be looked at",
             "run dkimkey doctor as root",
             {}}};
  }
  const auto distrust = crypto::find_distrust(directory, crypto::TrustedAs::directory);
  if (!distrust) return {};
  auto finding = store_trouble(directory.string(), crypto::UntrustedPath(*distrust));
  finding.topic = "key_directory";
  return {std::move(finding)};
}

Findings check_key_files(const crypto::KeyStore& store, const canon::DomainName& domain,
                         const std::optional<Credentials>& daemon) {
  Findings findings;
  try {
    const auto read = store.read_manifest(domain);
    if (!read) return {};
    if (daemon) {
      // One finding if it affects all of them.
      if (auto trouble = reading_trouble(store.manifest_path(domain), *daemon)) return {*std::move(trouble)};
    }
    for (const auto& key : read->manifest.keys) {
      if (key.state != KeyState::active && key.state != KeyState::pending) continue;
      if (auto trouble = key_file_trouble(store, domain, key, daemon))
        findings.push_back(*std::move(trouble));
    }
  } catch (const crypto::Error& error) {
    findings.push_back(store_trouble(store.manifest_path(domain).string(), error));
  }
  return findings;
}

}  // namespace dkim::keytool
