#include "keytool/commands/carry_out_import.hpp"

#include <fmt/format.h>

#include <iostream>

#include "crypto/settings/login_settings.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/opendkim/conf_target.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/store_writer.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {

using opendkim::Run;

namespace {

// Returns the key directory if the configuration has to name it.
std::optional<std::filesystem::path> named_directory(const crypto::KeyStore& store) {
  const auto path = std::filesystem::absolute(store.directory()).lexically_normal();
  if (path == crypto::SigningSettings().key_directory) return std::nullopt;
  return path;
}

opendkim::StoreResult store_or_try(crypto::StoreOfRecord& store, const opendkim::WantedKeys& wanted,
                                   Run run) {
  if (run == Run::dry || wanted.keys.empty()) return try_keys(store, wanted);
  make_missing_key_directory(store.files().directory());
  return store_keys(store, wanted, crypto::utc_now());
}

ExitCode report(const opendkim::StoreResult& result, const opendkim::WantedKeys& wanted,
                opendkim::Remarks remarks, Run run, opendkim::Trust trust) {
  remarks.insert(remarks.end(), result.remarks.begin(), result.remarks.end());
  // Each key of a configuration signs mail today; the store's key in its place signs differently, or not at
  // all.
  const auto kind = trust == opendkim::Trust::not_asked ? opendkim::Remark::Kind::not_taken
                                                        : opendkim::Remark::Kind::signed_otherwise;
  for (const auto& key : result.keys) {
    if (key.outcome == opendkim::StoredKey::Outcome::refused) {
      remarks.push_back(
          {kind, "", fmt::format("{} of {}: {}", key.name.selector.str(), key.name.domain.str(), key.why)});
    }
  }
  const auto warnings = warnings_text(result, remarks, trust, wanted.signer);
  const auto keys = keys_text(result, wanted, run);
  std::cout << warnings << (warnings.empty() || keys.empty() ? "" : "\n") << keys << remarks_text(remarks);
  return has_losses(result, remarks, trust) ? ExitCode::problem : ExitCode::done;
}

opendkim::Trust trust_of(const opendkim::DaemonSettings& settings) {
  if (!settings.trusted_networks.empty()) return opendkim::Trust::somebody;
  return settings.macros.empty() ? opendkim::Trust::nobody : opendkim::Trust::marked_mail;
}

// Throws for a configuration that would keep the daemon from starting: a mistake in it would be ours.
void check_configuration(const std::string& text) {
  const auto file = crypto::SettingsFile::parse(text, "the configuration made here");
  auto root = file.root();
  crypto::read_signing_settings(root);
  if (opendkim::without_key_text(text) != text) {
    throw crypto::StoreError(
        "a setting or a table has what looks like a private key in the wrong place: everybody could read it "
        "in the configuration");
  }
}

void print_dry_configuration(const std::filesystem::path& output, const std::string& text,
                             const opendkim::ConfTarget& target) {
  const auto shown = terminal_text(output.string());
  std::cout << fmt::format("\nThe configuration, for {}:\n", shown) << text;
  if (!target.holds(text) && !target.is_free())
    std::cerr << fmt::format("note: {} has settings and would be left as it is; see --output\n", shown);
}

// Mail that passes through both signers would be signed twice.
std::string last_step(const std::string& signer) {
  if (signer == "amavisd")
    return "then turn off signing there ($enable_dkim_signing = 0), and give Postfix dkimsignd's socket "
           "(smtpd_milters, non_smtpd_milters)";
  if (signer == "rspamd")
    return "then turn off signing there (enabled = false in local.d/dkim_signing.conf), and give Postfix "
           "dkimsignd's socket beside rspamd's (smtpd_milters, non_smtpd_milters)";
  return "then give Postfix dkimsignd's socket in place of opendkim's (smtpd_milters, non_smtpd_milters)";
}

std::string describe_next_steps(const std::filesystem::path& output, const opendkim::ImportPlan& plan) {
  if (plan.keys.empty()) return "No configuration is written.\n";
  return fmt::format(R"(The configuration is in {0}. Next:
  dkimsignd --config {0} --check
  dkimkey check    are the records in DNS those of these keys?
  {1}
)",
                     terminal_text(output.string()), last_step(plan.signer));
}

}  // namespace

std::vector<canon::Selector> active_selectors(crypto::StoreOfRecord& store, const canon::DomainName& domain) {
  std::vector<canon::Selector> selectors;
  const bool is_there = key_directory_exists(store.files().directory());
  const auto manifest = is_there ? store.read_manifest(domain) : std::nullopt;
  if (!manifest) return selectors;
  for (const auto& entry : manifest->keys) {
    if (entry.state == crypto::KeyState::active) selectors.push_back(entry.selector);
  }
  return selectors;
}

ExitCode carry_out_import(const opendkim::ImportPlan& plan, const std::filesystem::path& output,
                          crypto::StoreOfRecord& store, Run run) {
  const auto text = conf_text(plan, named_directory(store.files()));
  check_configuration(text);
  using Purpose = opendkim::ConfTarget::Purpose;
  // Without a key there is nothing to set up, and what is written now would be in the way of the next import.
  const bool writes = run == Run::real && !plan.keys.empty();
  opendkim::ConfTarget target(output, writes ? Purpose::write : Purpose::look);
  const bool has_text_to_write = writes && !target.holds(text);
  if (has_text_to_write && !target.is_free()) {
    throw UsageError(
        fmt::format("{} has settings and is left as it is: give another file with --output, or look at the "
                    "settings with --dry-run",
                    output.string()));
  }
  // Before the keys, which sign as soon as they are there: a full disk must show first.
  if (has_text_to_write) target.stage(text);
  const opendkim::WantedKeys wanted{plan.keys, plan.subdomains, plan.records, plan.signer};
  const auto result = store_or_try(store, wanted, run);
  const auto code = report(result, wanted, plan.remarks, run, trust_of(plan.settings));
  if (has_text_to_write) target.commit();
  std::cout.flush();
  if (run == Run::dry) {
    print_dry_configuration(output, text, target);
  } else {
    std::cerr << describe_next_steps(output, plan);
  }
  return code;
}

ExitCode carry_out_import(const opendkim::WantedKeys& wanted, const opendkim::Remarks& remarks,
                          crypto::StoreOfRecord& store, Run run) {
  const auto result = store_or_try(store, wanted, run);
  return report(result, wanted, remarks, run, opendkim::Trust::not_asked);
}

}  // namespace dkim::keytool
