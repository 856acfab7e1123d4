// dkimkey import: takes over the keys of other tools, and the settings in an opendkim.conf.
//
// First everything is read and planned; then one transaction per domain puts the keys into the store; the
// configuration file comes last. So the next run completes what a killed one has left.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "crypto/settings/signing_settings.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/opendkim/conf_target.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/report.hpp"
#include "keytool/opendkim/rspamd_folder.hpp"
#include "keytool/opendkim/standard_input.hpp"
#include "keytool/opendkim/store_writer.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey import --opendkim FILE | --rspamd DIR | --pem FILE --domain DOMAIN --selector SELECTOR

Examples:
  dkimkey import --opendkim /etc/opendkim.conf --dry-run
      what would be imported, what would not and why, and the resulting configuration
  dkimkey import --opendkim /etc/opendkim.conf
      the keys into the key directory, and the settings into the configuration file
  dkimkey import --rspamd /var/lib/rspamd/dkim
      the keys of a folder of DOMAIN.SELECTOR.key files
  dkimkey import --pem mail.private --domain example.com --selector mail
      one key, in PEM (PKCS#8 or PKCS#1) or in base64
  redis-cli HGET DKIM_PRIV_KEYS dkim.example.com | dkimkey import --pem - -d example.com -s dkim
      one key, from standard input

Takes over the keys of another signer, and changes nothing there.
)",
    R"(Imported keys are active, since their records are in DNS and they sign today: dkimsignd signs with them as soon
as it runs. Make sure that mail does not pass through both signers then. With --pending they do not sign until
dkimkey activate has found their records in DNS.

From an opendkim.conf it reads Domain, Selector and KeyFile, or KeyTable and SigningTable (csl:, file: and
refile:), and the settings that decide whose mail is signed and how. It also reads the arguments in opendkim's
unit, which override them; a FILE that ends in .service is such a unit. The new configuration makes the same
decisions. Whatever dkimsignd cannot decide alike is reported, and what leaves mail unsigned is reported first. The
configuration goes to --output, by default into the configuration file, and never into a file that has settings.

Files of --rspamd: the selector is the last label before .key, or what a record beside the key (.txt, .pub)
says. With --domain or --selector only files of that domain or selector are taken; both together also name
the key in a file DOMAIN.key or SELECTOR.key, and --selector alone those in files DOMAIN.key.

A key that is in the key directory already stays as it is, so import may be run again. A selector that belongs to
another key is refused; the other keys are imported all the same.

Exit codes: 0 everything was imported, 1 something was not, no key was imported or nobody is trusted, 2 wrong
usage or configuration, or the configuration file has settings.
)"};

using opendkim::Run;

struct Request {
  std::optional<std::string> opendkim;
  std::optional<std::string> rspamd;
  std::optional<std::string> pem;
  std::filesystem::path output;
  Run run = Run::real;
};

Request read_request(const ParsedOptions& options) {
  Request request{.opendkim = options.text("opendkim"),
                  .rspamd = options.text("rspamd"),
                  .pem = options.text("pem"),
                  .output = {},
                  .run = options.has("dry-run") ? Run::dry : Run::real};
  const int sources = (request.opendkim ? 1 : 0) + (request.rspamd ? 1 : 0) + (request.pem ? 1 : 0);
  if (sources != 1)
    throw UsageError("give one of --opendkim, --rspamd and --pem; see: dkimkey import --help");
  if (request.pem && !(options.has("domain") && options.has("selector")))
    throw UsageError("--pem needs --domain and --selector: a key does not say whose it is");
  if (request.opendkim && (options.has("domain") || options.has("selector") || options.has("pending")))
    throw UsageError("--domain, --selector and --pending do not go with --opendkim: its tables say it");
  if (!request.opendkim && options.has("output"))
    throw UsageError("--output goes with --opendkim; the others import only keys");
  if (options.text("output") == "") throw UsageError("--output names no file");
  request.output =
      options.text("output").value_or(options.text("config").value_or(default_configuration_file));
  return request;
}

// Returns the keys of the domain that sign already, and go on beside the imported ones.
std::vector<canon::Selector> active_selectors(const crypto::KeyStore& store,
                                              const canon::DomainName& domain) {
  std::vector<canon::Selector> selectors;
  const auto read = key_directory_exists(store.directory()) ? store.read_manifest(domain) : std::nullopt;
  if (!read) return selectors;
  for (const auto& entry : read->manifest.keys) {
    if (entry.state == crypto::KeyState::active) selectors.push_back(entry.selector);
  }
  return selectors;
}

// Returns the key directory if the configuration has to name it.
std::optional<std::filesystem::path> named_directory(const crypto::KeyStore& store) {
  const auto path = std::filesystem::absolute(store.directory()).lexically_normal();
  if (path == crypto::SigningSettings().key_directory) return std::nullopt;
  return path;
}

opendkim::StoreResult store_or_try(const crypto::KeyStore& store, const opendkim::WantedKeys& wanted,
                                   Run run) {
  if (run == Run::dry || wanted.keys.empty()) return try_keys(store, wanted);
  make_missing_key_directory(store.directory());
  return store_keys(store, wanted, crypto::utc_now());
}

ExitCode report(const opendkim::StoreResult& result, const opendkim::WantedKeys& wanted,
                opendkim::Remarks remarks, Run run, opendkim::Trust trust) {
  remarks.insert(remarks.end(), result.remarks.begin(), result.remarks.end());
  // Each of OpenDKIM's keys signs mail today; the store's key in its place signs differently, or not at all.
  const auto kind = trust == opendkim::Trust::not_asked ? opendkim::Remark::Kind::not_taken
                                                        : opendkim::Remark::Kind::signed_otherwise;
  for (const auto& key : result.keys) {
    if (key.outcome == opendkim::StoredKey::Outcome::refused) {
      remarks.push_back(
          {kind, "", fmt::format("{} of {}: {}", key.name.selector.str(), key.name.domain.str(), key.why)});
    }
  }
  const auto warnings = warnings_text(result, remarks, trust);
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

std::string describe_next_steps(const std::filesystem::path& output, const opendkim::ImportPlan& plan) {
  if (plan.keys.empty()) return "No configuration is written.\n";
  return fmt::format(R"(The configuration is in {0}. Next:
  dkimsignd --config {0} --check
  dkimkey check    are the records in DNS those of these keys?
  then give Postfix dkimsignd's socket in place of opendkim's (smtpd_milters, non_smtpd_milters)
)",
                     terminal_text(output.string()));
}

ExitCode import_opendkim(const Request& request, const crypto::KeyStore& store, opendkim::Sources& sources) {
  const auto plan = plan_import(*request.opendkim, sources, [&](const canon::DomainName& domain) {
    return active_selectors(store, domain);
  });
  const auto text = conf_text(plan, named_directory(store));
  check_configuration(text);
  using Purpose = opendkim::ConfTarget::Purpose;
  // Without a key there is nothing to set up, and what is written now would be in the way of the next import.
  const bool writes = request.run == Run::real && !plan.keys.empty();
  opendkim::ConfTarget target(request.output, writes ? Purpose::write : Purpose::look);
  const bool has_text_to_write = writes && !target.holds(text);
  if (has_text_to_write && !target.is_free()) {
    throw UsageError(
        fmt::format("{} has settings and is left as it is: give another file with --output, or look at the "
                    "settings with --dry-run",
                    request.output.string()));
  }
  // Before the keys, which sign as soon as they are there: a full disk must show first.
  if (has_text_to_write) target.stage(text);
  const opendkim::WantedKeys wanted{plan.keys, plan.subdomains};
  const auto result = store_or_try(store, wanted, request.run);
  const auto code = report(result, wanted, plan.remarks, request.run, trust_of(plan.settings));
  if (has_text_to_write) target.commit();
  std::cout.flush();
  if (request.run == Run::dry) {
    print_dry_configuration(request.output, text, target);
  } else {
    std::cerr << describe_next_steps(request.output, plan);
  }
  return code;
}

ExitCode import_files(const Request& request, const ParsedOptions& options, const crypto::KeyStore& store,
                      opendkim::Sources& sources) {
  opendkim::KeyCollector keys(sources);
  if (request.pem) {
    const auto domain = parse_domain(*options.text("domain")).str();
    const auto selector = parse_selector(*options.text("selector")).str();
    if (*request.pem == "-") {
      keys.take_input(domain, selector, opendkim::read_key_from(STDIN_FILENO));
    } else {
      keys.take_file(domain, selector, *request.pem, *request.pem);
    }
  } else {
    // The words are compared with file names, but must be usable names all the same.
    const auto domain = options.text("domain");
    const auto selector = options.text("selector");
    if (domain) parse_domain(*domain);
    if (selector) parse_selector(*selector);
    collect_rspamd_keys({*request.rspamd, domain, selector}, sources, keys);
  }
  const opendkim::WantedKeys wanted{
      keys.keys(), {}, options.has("pending") ? crypto::KeyState::pending : crypto::KeyState::active};
  const auto result = store_or_try(store, wanted, request.run);
  return report(result, wanted, keys.remarks(), request.run, opendkim::Trust::not_asked);
}

}  // namespace

ExitCode import_keys(const Arguments& arguments) {
  CommandLine command_line("import", help);
  const std::string about_output = fmt::format(
      "where the configuration goes (default: the file of --config, else {})", default_configuration_file);
  command_line.add_options()  //
      ("opendkim", value_text("FILE"),
       "an opendkim.conf, with the tables it names; or a unit that starts opendkim")                    //
      ("rspamd", value_text("DIR"), "a folder of DOMAIN.SELECTOR.key files")                            //
      ("pem", value_text("FILE"), "a private key; - is standard input")                                 //
      ("domain,d", value_text("DOMAIN"), "the domain of --pem, or the only one to take from --rspamd")  //
      ("selector,s", value_text("SELECTOR"),
       "the selector of --pem, or the only one to take from --rspamd")  //
      ("pending", "do not sign with the keys yet")                      //
      ("output", value_text("FILE"), about_output.c_str())              //
      ("dry-run", "print what would be done, and the configuration, and change nothing");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto request = read_request(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  opendkim::HostFiles sources(request.opendkim.value_or(""));
  if (request.opendkim) return import_opendkim(request, store, sources);
  return import_files(request, *options, store, sources);
}

}  // namespace dkim::keytool
