// dkimkey show: the records of keys in the forms in which they get into DNS.
#include <array>
#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_report.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey show [OPTIONS]

Examples:
  dkimkey show                                             records of the only domain, for a zone file
  dkimkey show --domain example.com --selector server      one key's
  dkimkey show --selector server --format value            what to paste into a hoster's web form
  dkimkey show --format nsupdate | nsupdate -k update.key  into DNS by dynamic update

Prints the TXT record at SELECTOR._domainkey.DOMAIN for each key of a domain that is not revoked, or for
the selector given. The public key is taken from the private key file, which must be readable.
)",
    R"(Formats:
  zone      for a zone file, with an absolute name; what is in SELECTOR.txt beside the key
  value     the value alone, whole and without quotes
  strings   the value as TXT strings of at most 255 octets, each in quotes, on one line
  json      an array of objects, a key each: domain, selector, algorithm, bits, state, created,
            activated, retired, revoked, name, type, ttl and value (whole, without quotes)
  tinydns   a line for tinydns-data
  nsupdate  commands for nsupdate(1) that put the record in place of any other TXT there

The record of a revoked key, shown if its selector is given, has an empty p=.
Without --domain: the only domain in the key directory, else the one in /etc/mailname.

Exit codes: 0 done, 1 no such key or one that cannot be read, 2 wrong usage or configuration.
)"};

std::string value_line(const crypto::NamedRecord& record) {
  return record.value + "\n";
}

struct Format {
  std::string_view name;
  std::string (*text)(const crypto::NamedRecord&);  // null: JSON, which needs more than the record
};

constexpr std::array<Format, 6> formats{{{"zone", crypto::zone_text},
                                         {"value", value_line},
                                         {"strings", crypto::strings_text},
                                         {"json", nullptr},
                                         {"tinydns", crypto::tinydns_text},
                                         {"nsupdate", crypto::nsupdate_text}}};

Format parse_format(const std::string& name) {
  for (const auto& format : formats) {
    if (format.name == name) return format;
  }
  throw UsageError("unknown format \"" + name + "\": zone, value, strings, json, tinydns or nsupdate");
}

Format chosen_format(const ParsedOptions& options) {
  const auto named = options.text("format");
  if (!options.has("json")) return parse_format(named.value_or("zone"));
  if (named && *named != "json") throw UsageError("--json and --format " + *named + " contradict each other");
  return parse_format("json");
}

std::vector<crypto::KeyEntry> chosen_keys(const crypto::Manifest& manifest,
                                          const std::optional<canon::Selector>& selector,
                                          const canon::DomainName& domain) {
  if (selector) {
    const auto* entry = manifest.find(*selector);
    if (entry == nullptr) throw crypto::StoreError("no selector " + selector->str() + " in " + domain.str());
    return {*entry};
  }
  std::vector<crypto::KeyEntry> keys;
  for (const auto& entry : manifest.keys) {
    if (entry.state != crypto::KeyState::revoked) keys.push_back(entry);
  }
  return keys;
}

}  // namespace

ExitCode show(const Arguments& arguments) {
  CommandLine command_line("show", help);
  command_line.add_options()("domain,d", value_text("DOMAIN"), "the domain whose records to show")(
      "selector,s", value_text("SELECTOR"), "only this key's record (default: every key not revoked)")(
      "format,f", value_text("FORMAT"), "zone (default), value, strings, json, tinydns or nsupdate")(
      "json", "the same as --format json");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const Format format = chosen_format(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  const auto domain = pick_domain(options->text("domain"), store);
  const auto read = store.read_manifest(domain);
  if (!read) throw crypto::StoreError("no keys of " + domain.str() + " in " + store.directory().string());
  const auto& manifest = read->manifest;
  std::optional<canon::Selector> named;
  if (const auto selector = options->text("selector")) named = pick_selector(*selector, store, domain);

  std::string text;
  std::vector<JsonObject> objects;
  for (const auto& entry : chosen_keys(manifest, named, domain)) {
    const auto record = named_record(entry.selector, domain, store.record_of(domain, entry, manifest.record));
    if (format.text != nullptr) {
      text += format.text(record);
    } else {
      auto& object = objects.emplace_back();
      add_key_members(object, domain, entry);
      add_record_members(object, record);
    }
  }
  std::cout << (format.text != nullptr ? text : json_array(objects));
  return ExitCode::done;
}

}  // namespace dkim::keytool
