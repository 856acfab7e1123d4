// dkimkey show: prints the records of keys in the forms in which they are published.
#include <fmt/format.h>

#include <array>
#include <iostream>

#include "crypto/store/published_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/commands/show_cname.hpp"
#include "keytool/keys/copy_view.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/stored_keys.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey show [OPTIONS]

Examples:
  dkimkey show                                             records of the only domain, for a zone file
  dkimkey show --domain example.com --selector server      the record of one key
  dkimkey show --selector server --format value            the value to paste into a web form
  dkimkey show --format nsupdate | nsupdate -k update.key  publish by dynamic update
  dkimkey show --domain shop.example --cname               what the owner of a domain makes once for its slots
  dkimkey show --cname --all --format form                 the same for all domains, to type into web forms

Prints the TXT record of each key of a domain that is not revoked, or for the selector given: at
SELECTOR._domainkey.DOMAIN or, for a slot, where its CNAME leads. With --cname, prints these CNAMEs instead. The public key comes from the file of the private key, which must be readable.
)",
    R"(Formats:
  zone      for a zone file, with an absolute name, as in SELECTOR.txt beside the key
  value     the value alone, whole and without quotes
  strings   the value as TXT strings of at most 255 bytes, each in quotes, on one line
  json      an array of objects, one for each key: domain, selector, algorithm, bits, state, created,
            activated, retired, revoked, slot, slot_target, name, type, ttl and value (whole, without quotes)
  tinydns   a line for tinydns-data
  nsupdate  commands for nsupdate(1) that replace any TXT record there by this one
  form      only with --cname: what to enter into the web form of a DNS provider

With --cname, there are zone, form and json; the objects of json have domain, selector, algorithm, name, type, ttl and
target. Some forms add the zone to the target, too, unless it ends with a dot.

The record of a revoked key has an empty p=; it is shown only if the selector is given.
Without --domain: the only domain in the key directory, else this host's own (see FILES in dkimkey(8)).

Exit codes: 0 done, 1 no such key or CNAME, or one that cannot be read, 2 wrong usage or configuration.
)"};

std::string value_line(const crypto::NamedRecord& record) {
  return record.value + "\n";
}

struct Format {
  std::string_view name;
  std::string (*text)(const crypto::NamedRecord&);  // nullptr: JSON, which needs more than the record
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
  if (name == "form")
    throw UsageError("form is a format of --cname: the value of a key is that of --format value");
  throw UsageError(
      fmt::format("unknown format \"{}\": give zone, value, strings, json, tinydns or nsupdate", name));
}

Format chosen_format(const ParsedOptions& options) {
  const auto named = options.text("format");
  if (!options.has("json")) return parse_format(named.value_or("zone"));
  if (named && *named != "json")
    throw UsageError(fmt::format("--json and --format {} contradict each other", *named));
  return parse_format("json");
}

std::vector<crypto::KeyEntry> chosen_keys(const crypto::Manifest& manifest,
                                          const std::optional<canon::Selector>& selector,
                                          const canon::DomainName& domain) {
  if (selector) return {require_key(manifest, domain, *selector)};
  std::vector<crypto::KeyEntry> keys;
  for (const auto& entry : manifest.keys) {
    if (entry.state != crypto::KeyState::revoked) keys.push_back(entry);
  }
  return keys;
}

}  // namespace

ExitCode show(const Arguments& arguments) {
  CommandLine command_line("show", help);
  command_line.add_options()                                                                             //
      ("domain,d", value_text("DOMAIN"), "the domain whose records to show")                             //
      ("selector,s", value_text("SELECTOR"), "only this key's record (default: every key not revoked)")  //
      ("format,f", value_text("FORMAT"), "zone (default), value, strings, json, tinydns or nsupdate")    //
      ("cname",
       "the CNAMEs of slots instead, which the domain's owner makes once; formats: zone, form, json")      //
      ("all", "with --cname: those of every domain")                                                       //
      ("zone", value_text("ZONE"), "with --cname: the zone of the form, if it is a parent of the domain")  //
      ("json", "the same as --format json");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (!options->has("cname") && (options->has("all") || options->has("zone")))
    throw UsageError("--all and --zone are for --cname: one run prints the records of one domain");
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  print_copy_view(store);
  if (options->has("cname")) return show_cnames(*options, store);
  const Format format = chosen_format(*options);
  const auto domain = pick_domain(options->text("domain"), store);
  const auto manifest = require_manifest(store, domain);
  std::optional<canon::Selector> named;
  if (const auto selector = options->text("selector")) named = pick_selector(*selector, store, domain);

  std::string text;
  std::vector<JsonObject> objects;
  for (const auto& entry : chosen_keys(manifest, named, domain)) {
    const auto record =
        published_record(manifest, entry.selector, domain, store.record_of(domain, entry, manifest.record));
    if (format.text != nullptr) {
      text += format.text(record);
    } else {
      auto& object = objects.emplace_back();
      add_key_members(object, domain, entry, slot_copy(manifest, entry.selector));
      add_record_members(object, record);
    }
  }
  std::cout << (format.text != nullptr ? text : json_array(objects));
  return ExitCode::done;
}

}  // namespace dkim::keytool
