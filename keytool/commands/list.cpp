// dkimkey list: every domain and key of the store, from the manifests alone. No key is loaded, so a store
// of a hundred thousand domains costs a hundred thousand small files.
#include <iostream>

#include "crypto/error.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/table.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey list [OPTIONS]

Examples:
  dkimkey list                        every key of every domain
  dkimkey list --domain example.com   those of one domain
  dkimkey list --json                 for a program: an array of objects, a key each

Shows each key's domain, selector, algorithm, size, state, age, and the UTC times at which it was
created, activated, retired and revoked. The states are
  pending    its record is to be published; it does not sign
  active     it signs
  retiring   it does not sign any more; its record stays for mail that is on its way
  revoked    its private key is gone; the selector stays taken
)",
    R"(Objects of --json have domain, selector, algorithm, bits, state, created, activated, retired and
revoked; a time that has not come is null. A domain without a key has none.

A manifest that cannot be read is reported on standard error with its file and line; the other domains
are listed all the same.

Exit codes: 0 done, 1 a manifest or the key directory cannot be read, 2 wrong usage or configuration.
)"};

std::string age_text(std::chrono::seconds age) {
  if (age < std::chrono::seconds(0)) return "in the future";
  if (age >= std::chrono::days(1))
    return std::to_string(std::chrono::duration_cast<std::chrono::days>(age).count()) + "d";
  if (age >= std::chrono::hours(1))
    return std::to_string(std::chrono::duration_cast<std::chrono::hours>(age).count()) + "h";
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(age).count()) + "min";
}

std::vector<std::string> row_of(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                                crypto::UtcTime now) {
  return {domain.str(), entry.selector.str(), std::string(crypto::key_name(entry.algorithm)),
          std::to_string(entry.bits), std::string(to_string(entry.state)), age_text(now - entry.created),
          crypto::to_string(entry.created), time_text(entry.activated).value_or("-"),
          // Few keys have either; the later one says both.
          time_text(entry.revoked ? entry.revoked : entry.retired).value_or("-")};
}

// A domain's part of the list, in the form that is wanted.
struct Part {
  std::vector<JsonObject> objects;
  std::vector<Table::Row> rows;
};

Part json_part(const canon::DomainName& domain, const crypto::Manifest& manifest) {
  Part part;
  for (const auto& entry : manifest.keys)
    add_key_members(part.objects.emplace_back(), domain, entry);
  return part;
}

Part table_part(const canon::DomainName& domain, const crypto::Manifest& manifest, crypto::UtcTime now) {
  Part part;
  for (const auto& entry : manifest.keys)
    part.rows.push_back(row_of(domain, entry, now));
  if (manifest.keys.empty()) part.rows.push_back({domain.str(), "-", "-", "-", "-", "-", "-", "-", "-"});
  return part;
}

}  // namespace

ExitCode list(const Arguments& arguments) {
  CommandLine command_line("list", help);
  command_line.add_options()("domain,d", value_text("DOMAIN"), "only this domain")(
      "json", "print an array of objects, a key each");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const crypto::KeyStore by_path(read_configuration(*options).signing.key_directory);

  const auto given = options->text("domain");
  const auto domains = given ? std::vector{pick_named_domain(*given, by_path)} : by_path.domains();
  const auto store = domains.size() > 1 ? by_path.held() : by_path;
  const bool as_json = options->has("json");
  const auto now = crypto::utc_now();
  auto code = ExitCode::done;
  Table table(
      {"DOMAIN", "SELECTOR", "ALGORITHM", "BITS", "STATE", "AGE", "CREATED", "ACTIVATED", "RETIRED/REVOKED"});
  JsonArrayWriter array(std::cout);
  for_each_domain(
      domains,
      [&](const canon::DomainName& domain) {
        const auto read = store.read_manifest(domain);
        if (!read && given)
          throw crypto::StoreError("no keys of " + domain.str() + " in " + store.directory().string());
        if (!read) return Part{};  // removed since the directory was read
        return as_json ? json_part(domain, read->manifest) : table_part(domain, read->manifest, now);
      },
      [&](const canon::DomainName&, Part& part) {
        for (const auto& object : part.objects)
          array.add(object);
        for (auto& row : part.rows)
          table.add(std::move(row));
        if (table.is_long()) std::cout << table.take();
      },
      [&](const canon::DomainName&, const std::string& what) {
        // One damaged manifest is no reason to hide the others.
        std::cerr << "dkimkey list: " << terminal_text(what) << '\n';
        code = ExitCode::problem;
      });
  if (as_json) {
    array.finish();
  } else {
    std::cout << table.take();
  }
  return code;
}

}  // namespace dkim::keytool
