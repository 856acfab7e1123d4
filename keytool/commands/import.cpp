// dkimkey import: takes over the keys of other tools, and the settings of other signers.
//
// First everything is read and planned, then carried out (keytool/commands/carry_out_import).
#include <fmt/format.h>
#include <unistd.h>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/commands/carry_out_import.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/opendkim/amavis_conf.hpp"
#include "keytool/opendkim/amavis_plan.hpp"
#include "keytool/opendkim/rspamd_conf.hpp"
#include "keytool/opendkim/rspamd_folder.hpp"
#include "keytool/opendkim/rspamd_plan.hpp"
#include "keytool/opendkim/standard_input.hpp"
#include "keytool/opendkim/store_writer.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey import --opendkim FILE | --amavis [FILE] | --rspamd PATH
       dkimkey import --domain DOMAIN --selector SELECTOR - | --pem FILE

Examples:
  dkimkey import --opendkim /etc/opendkim.conf --dry-run
      what would be imported, what would not and why, and the resulting configuration
  dkimkey import --opendkim /etc/opendkim.conf
      the keys into the key directory, and the settings into the configuration file
  dkimkey import --amavis
      the same from amavisd's configuration, in its usual place
  dkimkey import --rspamd /etc/rspamd
      the same from rspamd's local.d and override.d
  dkimkey import --rspamd /var/lib/rspamd/dkim
      the keys alone, of a folder of DOMAIN.SELECTOR.key files
  dkimkey import --pem mail.private --domain example.com --selector mail
      one key, in PEM (PKCS#8 or PKCS#1) or in base64
  redis-cli HGET DKIM_PRIV_KEYS dkim.example.com | dkimkey import -d example.com -s dkim -
      one key, from standard input

Takes over the keys of another signer, and changes nothing there.
)",
    R"(Imported keys are active, since their records are in DNS and they sign today: dkimsignd signs with them as soon
as it runs. Make sure that mail does not pass through both signers then. With --pending they do not sign until
dkimkey activate has found their records in DNS.

From a configuration it reads the keys, who signs with which, and the settings that decide whose mail is signed
and how. The new configuration makes the same decisions. Whatever dkimsignd cannot decide alike is reported, and
what leaves mail unsigned is reported first. The configuration goes to --output, by default into the configuration
file, and never into a file that has settings.

From an opendkim.conf it reads Domain, Selector and KeyFile, or KeyTable and SigningTable (csl:, file: and
refile:). It also reads the arguments in opendkim's unit, which override them; a FILE that ends in .service is such
a unit.

From amavisd it reads the calls of dkim_key, @dkim_signature_options_bysender_maps, @mynetworks and a few more
statements, in one file or in a directory such as /etc/amavis/conf.d. It runs no Perl: a statement that is more
than texts, numbers and known variables is reported with its line.

From rspamd it reads the module dkim_signing: domain { }, selector_map, path_map, signing_table, key_table and the
default path. PATH is a directory with local.d or override.d, a file in one of them, or JSON from rspamadm
configdump -j. Any other directory is a folder of keys, in which the selector is the last label before .key, or
what a record beside the key (.txt, .pub) says. With --domain or --selector only files of that domain or selector
are taken; both together also name the key in a file DOMAIN.key or SELECTOR.key, and --selector alone those in
files DOMAIN.key.

A key that is in the key directory already stays as it is, so import may be run again. A selector that belongs to
another key is refused; the other keys are imported all the same.

Exit codes: 0 everything was imported, 1 something was not, no key was imported or nobody is trusted, 2 wrong
usage or configuration, or the configuration file has settings.
)"};

using opendkim::Run;

struct Request {
  std::optional<std::string> opendkim;
  std::optional<std::string> amavis;
  std::optional<std::string> rspamd;
  std::optional<std::string> pem;
  std::filesystem::path output;
  Run run = Run::real;

  int sources() const { return (opendkim ? 1 : 0) + (amavis ? 1 : 0) + (rspamd ? 1 : 0) + (pem ? 1 : 0); }
};

// A domain and a selector alone ask for the key on standard input, and so does "-".
std::optional<std::string> single_key(const ParsedOptions& options) {
  const auto positional = options.text("input");
  if (positional && *positional != "-")
    throw UsageError(fmt::format("import takes no argument {}; name a file with --pem", *positional));
  if (options.has("pem")) {
    if (positional) throw UsageError("give one of --pem and -");
    return options.text("pem");
  }
  const bool has_name = options.has("domain") && options.has("selector");
  const bool has_source = options.has("opendkim") || options.has("amavis") || options.has("rspamd");
  if (positional || (has_name && !has_source)) return "-";
  return std::nullopt;
}

Request read_request(const ParsedOptions& options) {
  Request request{.opendkim = options.text("opendkim"),
                  .amavis = options.text("amavis"),
                  .rspamd = options.text("rspamd"),
                  .pem = single_key(options),
                  .output = {},
                  .run = options.has("dry-run") ? Run::dry : Run::real};
  if (request.sources() != 1)
    throw UsageError("give one of --opendkim, --amavis, --rspamd, --pem and -; see: dkimkey import --help");
  if (request.pem && !(options.has("domain") && options.has("selector")))
    throw UsageError("--pem and - need --domain and --selector: a key does not say whose it is");
  if (options.text("output") == "") throw UsageError("--output names no file");
  request.output =
      options.text("output").value_or(options.text("config").value_or(default_configuration_file));
  return request;
}

enum class Kind { configuration, keys };

void check_options(Kind kind, const ParsedOptions& options) {
  if (kind == Kind::configuration &&
      (options.has("domain") || options.has("selector") || options.has("pending"))) {
    throw UsageError(
        "--domain, --selector and --pending do not go with the configuration of another signer, which says "
        "it");
  }
  if (kind == Kind::keys && options.has("output"))
    throw UsageError("--output goes with the configuration of another signer; the others import only keys");
}

opendkim::ImportPlan make_plan(const Request& request, crypto::StoreOfRecord& store,
                               opendkim::Sources& sources) {
  const opendkim::ActiveInStore in_store = [&](const canon::DomainName& domain) {
    return active_selectors(store, domain);
  };
  if (request.opendkim) return plan_import(*request.opendkim, sources, in_store);
  if (request.rspamd) return plan_rspamd_import(*request.rspamd, sources, in_store);
  return plan_amavis_import(*request.amavis, sources, in_store);
}

// Nobody types a key: whoever sees nothing happen has forgotten something.
void refuse_terminal() {
  if (isatty(STDIN_FILENO) == 0) return;
  throw UsageError(
      "the key is expected on standard input, which is a terminal; name its file with --pem FILE, or give it "
      "with "
      "< FILE");
}

ExitCode import_files(const Request& request, const ParsedOptions& options, crypto::StoreOfRecord& store,
                      opendkim::Sources& sources) {
  opendkim::KeyCollector keys(sources);
  if (request.pem) {
    const auto domain = parse_domain(*options.text("domain")).str();
    const auto selector = parse_selector(*options.text("selector")).str();
    if (*request.pem == "-") {
      refuse_terminal();
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
      keys.keys(),
      {},
      {},
      request.rspamd ? "rspamd" : "the other signer",
      options.has("pending") ? crypto::KeyState::pending : crypto::KeyState::active};
  return carry_out_import(wanted, keys.remarks(), store, request.run);
}

// The value of --amavis may be left out, which Boost allows only if a value stands behind "=".
Arguments with_amavis_value(Arguments arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "--amavis" || arguments[i + 1].starts_with('-')) continue;
    arguments[i] += "=" + arguments[i + 1];
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return arguments;
}

// Completes a request for amavisd's configuration in its usual place.
Request with_usual_place(Request request, opendkim::Sources& sources) {
  if (request.amavis != "") return request;
  const auto place = opendkim::usual_amavis_conf(sources);
  if (!place)
    throw UsageError("amavisd has no configuration in any of the usual places; name it: --amavis FILE");
  request.amavis = place->string();
  return request;
}

}  // namespace

ExitCode import_keys(const Arguments& arguments) {
  CommandLine command_line("import", help);
  const std::string about_output = fmt::format(
      "where the configuration goes (default: the file of --config, else {})", default_configuration_file);
  command_line.add_options()  //
      ("opendkim", value_text("FILE"),
       "an opendkim.conf, with the tables it names; or a unit that starts opendkim")  //
      ("amavis", value_text("FILE")->implicit_value("", ""),
       "amavisd's configuration, a file or a directory; without a value, where packages put it")  //
      ("rspamd", value_text("PATH"),
       "rspamd's configuration; or a folder of DOMAIN.SELECTOR.key files")  //
      ("pem", value_text("FILE"), "a private key; - is standard input")     //
      ("domain,d", value_text("DOMAIN"),
       "the domain of a single key, or the only one to take from a folder")  //
      ("selector,s", value_text("SELECTOR"),
       "the selector of a single key, or the only one to take from a folder")  //
      ("pending", "do not sign with the keys yet")                             //
      ("output", value_text("FILE"), about_output.c_str())                     //
      ("dry-run", "print what would be done, and the configuration, and change nothing");
  command_line.add_positional("input", "- for standard input");
  const auto options = command_line.parse(with_amavis_value(arguments));
  if (!options) return ExitCode::done;
  auto request = read_request(*options);
  const auto store = fleet::open_store_of_record(read_configuration(*options));
  opendkim::HostFiles any_files("");
  request = with_usual_place(std::move(request), any_files);
  const bool is_folder = request.rspamd && !opendkim::is_rspamd_conf(*request.rspamd, any_files);
  const Kind kind = request.pem || is_folder ? Kind::keys : Kind::configuration;
  check_options(kind, *options);
  const auto configuration = request.opendkim.value_or(request.amavis.value_or(request.rspamd.value_or("")));
  opendkim::HostFiles sources(kind == Kind::keys ? "" : configuration);
  if (kind == Kind::keys) return import_files(request, *options, *store, sources);
  return carry_out_import(make_plan(request, *store, sources), request.output, *store, request.run);
}

}  // namespace dkim::keytool
