// dkimkey show: prints the records of keys in the forms in which they are published.
#include <fmt/format.h>

#include <array>
#include <iostream>

#include "crypto/store/published_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/slot_cname.hpp"
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
  dkimkey show --domain shop.example --cname --format form what a customer enters once for slots

Prints the TXT record at SELECTOR._domainkey.DOMAIN for each key of a domain that is not revoked, or for
the selector given. The public key comes from the file of the private key, which must be readable.
)",
    R"(Formats:
  zone      for a zone file, with an absolute name, as in SELECTOR.txt beside the key
  value     the value alone, whole and without quotes
  strings   the value as TXT strings of at most 255 bytes, each in quotes, on one line
  json      an array of objects, one for each key: domain, selector, algorithm, bits, state, created,
            activated, retired, revoked, name, type, ttl and value (whole, without quotes)
  tinydns   a line for tinydns-data
  nsupdate  commands for nsupdate(1) that replace any TXT record there by this one

The record of a revoked key has an empty p=; it is shown only if the selector is given.
Without --domain: the only domain in the key directory, else this host's own (see FILES in dkimkey(8)).

Exit codes: 0 done, 1 no such key or one that cannot be read, 2 wrong usage or configuration.
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

JsonObject cname_object(const SlotCname& cname, const canon::DomainName& domain) {
  JsonObject object;
  object.text("domain", domain.str());
  object.text("selector", cname.slot.selector.str());
  object.text("algorithm", crypto::key_name(cname.slot.algorithm));
  object.text("name", cname.name);
  object.text("type", "CNAME");
  object.number("ttl", crypto::default_ttl);
  object.text("target", cname.slot.target);
  return object;
}

ExitCode show_cnames(const ParsedOptions& options, const crypto::Manifest& manifest,
                     const canon::DomainName& domain) {
  const auto format = options.has("json") ? "json" : options.text("format").value_or("zone");
  if (format != "zone" && format != "form" && format != "json")
    throw UsageError(fmt::format("--cname has the formats zone, form and json, not \"{}\"", format));
  if (options.has("selector")) throw UsageError("--cname shows all slots: leave out --selector");
  const auto cnames = slot_cnames(manifest, domain);
  if (cnames.empty()) {
    std::cerr << fmt::format("{} has no slots that lead to another name (slot_target in dkimsignd.conf)\n",
                             domain.str());
    return ExitCode::problem;
  }
  std::vector<JsonObject> objects;
  for (const auto& cname : cnames) {
    if (format == "json") objects.push_back(cname_object(cname, domain));
    if (format == "zone") std::cout << zone_text(cname);
    if (format == "form") std::cout << form_text(cname, domain);
  }
  if (format == "json") std::cout << json_array(objects);
  return ExitCode::done;
}

}  // namespace

ExitCode show(const Arguments& arguments) {
  CommandLine command_line("show", help);
  command_line.add_options()                                                                             //
      ("domain,d", value_text("DOMAIN"), "the domain whose records to show")                             //
      ("selector,s", value_text("SELECTOR"), "only this key's record (default: every key not revoked)")  //
      ("format,f", value_text("FORMAT"), "zone (default), value, strings, json, tinydns or nsupdate")    //
      ("cname",
       "the CNAMEs of slots instead, which the domain's owner makes once; formats: zone, form, json")  //
      ("json", "the same as --format json");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const Format format = chosen_format(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  const auto domain = pick_domain(options->text("domain"), store);
  const auto manifest = require_manifest(store, domain);
  if (options->has("cname")) return show_cnames(*options, manifest, domain);
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
      add_key_members(object, domain, entry);
      add_record_members(object, record);
    }
  }
  std::cout << (format.text != nullptr ? text : json_array(objects));
  return ExitCode::done;
}

}  // namespace dkim::keytool
