// dkimkey list: lists every domain and key of the store. It reads only the manifests and loads no key, so a
// store of a hundred thousand domains costs a hundred thousand small files.
#include <fmt/format.h>

#include <iostream>

#include "crypto/error.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/commands/list_slots.hpp"
#include "keytool/keys/copy_view.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/stored_keys.hpp"
#include "keytool/output/table.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey list [OPTIONS]

Examples:
  dkimkey list                        every key of every domain
  dkimkey list --domain example.com   the keys of one domain
  dkimkey list --slots                every slot: which key it has, whether it is free, and from when on
  dkimkey list --json                 for a program: an array of objects, one for each key

Shows each key's domain, selector, algorithm, size, state, age, and the UTC times at which it was created,
activated, retired and revoked. The states are
  pending    its record must be published; it does not sign yet
  active     it signs
  retiring   it no longer signs; its record stays for mail that is on its way
  revoked    its private key is destroyed; the selector stays taken
)",
    R"(Objects of --json have domain, selector, algorithm, bits, state, created, activated, retired, revoked, slot
(whether the selector is a slot) and slot_target (where its CNAME leads); a time that has not come is null. A domain
without keys has no object. Those of --slots --json have domain, selector, algorithm, state (of its key, or null),
name, slot_target, closed, free, free_from and waits_for.

A slot that is not free gets its next key after the time under FROM at the earliest; "-" if that is not known yet.

A manifest that cannot be read is reported on standard error with its file and line; the other domains are listed
all the same.

Exit codes: 0 done, 1 a manifest or the key directory cannot be read, 2 wrong usage or configuration.
)"};

std::string age_text(std::chrono::seconds age) {
  if (age < std::chrono::seconds(0)) return "in the future";
  if (age >= std::chrono::days(1))
    return fmt::format("{}d", std::chrono::duration_cast<std::chrono::days>(age).count());
  if (age >= std::chrono::hours(1))
    return fmt::format("{}h", std::chrono::duration_cast<std::chrono::hours>(age).count());
  return fmt::format("{}min", std::chrono::duration_cast<std::chrono::minutes>(age).count());
}

std::vector<std::string> row_of(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                                crypto::UtcTime now) {
  return {domain.str(), entry.selector.str(), std::string(crypto::key_name(entry.algorithm)),
          std::to_string(entry.bits), std::string(to_string(entry.state)), age_text(now - entry.created),
          crypto::to_string(entry.created), time_text(entry.activated).value_or("-"),
          // One column for both: few keys have either, and the later one counts.
          time_text(entry.revoked ? entry.revoked : entry.retired).value_or("-")};
}

// A domain's part of the list, either as JSON or as rows of the table.
struct Part {
  std::vector<JsonObject> objects;
  std::vector<Table::Row> rows;
};

Part json_part(const canon::DomainName& domain, const crypto::Manifest& manifest) {
  Part part;
  for (const auto& entry : manifest.keys)
    add_key_members(part.objects.emplace_back(), domain, entry, slot_copy(manifest, entry.selector));
  return part;
}

Part table_part(const canon::DomainName& domain, const crypto::Manifest& manifest, crypto::UtcTime now) {
  Part part;
  for (const auto& entry : manifest.keys)
    part.rows.push_back(row_of(domain, entry, now));
  if (manifest.keys.empty()) part.rows.push_back({domain.str(), "-", "-", "-", "-", "-", "-", "-", "-"});
  return part;
}

// Prints parts as they come, in the form that is wanted.
class ListPrinter {
 public:
  enum class Form { table, json };
  enum class Lines { keys, slots };

  ListPrinter(Form form, Lines lines, const SlotTimes& times)
      : form_(form), lines_(lines), times_(times), table_(head_of(lines)), array_(std::cout) {}

  Part part_of(const canon::DomainName& domain, const crypto::Manifest& manifest) const {
    if (lines_ == Lines::slots) {
      return form_ == Form::json ? Part{slot_objects(domain, manifest, times_), {}}
                                 : Part{{}, slot_rows(domain, manifest, times_)};
    }
    return form_ == Form::json ? json_part(domain, manifest) : table_part(domain, manifest, now_);
  }

  void add(Part part) {
    for (const auto& object : part.objects)
      array_.add(object);
    for (auto& row : part.rows)
      table_.add(std::move(row));
    if (table_.is_long()) std::cout << table_.take();
  }

  void finish() {
    if (form_ == Form::json) {
      array_.finish();
    } else {
      std::cout << table_.take();
    }
  }

 private:
  static Table::Row head_of(Lines lines) {
    if (lines == Lines::slots) return slot_table_head();
    return {"DOMAIN", "SELECTOR", "ALGORITHM", "BITS",           "STATE",
            "AGE",    "CREATED",  "ACTIVATED", "RETIRED/REVOKED"};
  }

  Form form_;
  Lines lines_;
  SlotTimes times_;
  crypto::UtcTime now_ = crypto::utc_now();
  Table table_;
  JsonArrayWriter array_;
};

}  // namespace

ExitCode list(const Arguments& arguments) {
  CommandLine command_line("list", help);
  command_line.add_options()                                                     //
      ("domain,d", value_text("DOMAIN"), "only this domain")                     //
      ("slots", "show slots instead of keys: which are free, and from when on")  //
      ("json", "print an array of objects, one for each key or slot");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto configuration = read_configuration(*options);
  const crypto::KeyStore by_path(configuration.signing.key_directory);
  print_copy_view(by_path);

  const auto given = options->text("domain");
  const auto domains = given ? std::vector{pick_named_domain(*given, by_path)} : by_path.domains();
  const auto store = store_for(domains, by_path);
  ListPrinter printer(options->has("json") ? ListPrinter::Form::json : ListPrinter::Form::table,
                      options->has("slots") ? ListPrinter::Lines::slots : ListPrinter::Lines::keys,
                      {configuration.keys.drain, configuration.keys.forget});
  auto code = ExitCode::done;
  for_each_domain(
      domains,
      [&](const canon::DomainName& domain) {
        if (given) return printer.part_of(domain, require_manifest(store, domain));
        const auto read = store.read_manifest(domain);
        return read ? printer.part_of(domain, read->manifest)
                    : Part{};  // removed since the directory was read
      },
      [&](const canon::DomainName&, Part& part) { printer.add(std::move(part)); },
      [&](const canon::DomainName&, const std::string& what) {
        // A damaged manifest must not hide the other domains.
        std::cerr << fmt::format("dkimkey list: {}\n", terminal_text(what));
        code = ExitCode::problem;
      });
  printer.finish();
  return code;
}

}  // namespace dkim::keytool
