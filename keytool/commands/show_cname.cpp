#include "keytool/commands/show_cname.hpp"

#include <fmt/format.h>

#include <iostream>

#include "canon/labels.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/keys/slot_cname.hpp"
#include "keytool/keys/stored_keys.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

enum class Form { zone, form, json };

Form chosen_form(const ParsedOptions& options) {
  const auto format = options.text("format");
  if (options.has("json")) {
    if (format && *format != "json")
      throw UsageError(fmt::format("--json and --format {} contradict each other", *format));
    return Form::json;
  }
  if (!format || *format == "zone") return Form::zone;
  if (*format == "form") return Form::form;
  if (*format == "json") return Form::json;
  throw UsageError(fmt::format("--cname has the formats zone, form and json, not \"{}\"", *format));
}

// Returns the zone in whose form names are to be entered; nothing: that of each domain itself.
std::optional<canon::DomainName> zone_given(const ParsedOptions& options, const canon::DomainName& domain) {
  const auto text = options.text("zone");
  if (!text) return std::nullopt;
  auto zone = parse_domain(*text);
  if (zone != domain && !canon::is_below(domain.str(), zone.str()))
    throw UsageError(fmt::format("{} is not in the zone {}", domain.str(), zone.str()));
  return zone;
}

// Prints the CNAMEs of one domain after the other.
class CnamePrinter {
 public:
  explicit CnamePrinter(Form form) : form_(form), array_(std::cout) {}

  void add(const canon::DomainName& domain, const std::vector<SlotCname>& cnames, std::string_view zone) {
    if (cnames.empty()) return;
    if (form_ == Form::form) std::cout << (any_ ? "\n" : "") << domain.str() << "\n";
    any_ = true;
    bool first = true;
    for (const auto& cname : cnames) {
      if (form_ == Form::zone) std::cout << zone_text(cname);
      if (form_ == Form::form) std::cout << (first ? "" : "\n") << form_text(cname, zone);
      if (form_ == Form::json) array_.add(json_object(cname, domain));
      first = false;
    }
  }

  void finish() {
    if (form_ == Form::json) array_.finish();
  }

  bool has_printed() const { return any_; }

 private:
  Form form_;
  JsonArrayWriter array_;
  bool any_ = false;
};

ExitCode show_one(const ParsedOptions& options, const crypto::KeyStore& store, CnamePrinter& printer) {
  const auto domain = pick_domain(options.text("domain"), store);
  const auto zone = zone_given(options, domain);
  printer.add(domain, slot_cnames(require_manifest(store, domain), domain), zone.value_or(domain).str());
  printer.finish();
  if (printer.has_printed()) return ExitCode::done;
  std::cerr << fmt::format("dkimkey show: {} has no slots that lead to another name\n", domain.str());
  return ExitCode::problem;
}

ExitCode show_all(const crypto::KeyStore& by_path, CnamePrinter& printer) {
  const auto domains = by_path.domains();
  const auto store = store_for(domains, by_path);
  auto code = ExitCode::done;
  for_each_domain(
      domains,
      [&](const canon::DomainName& domain) {
        const auto read = store.read_manifest(domain);
        return read ? slot_cnames(read->manifest, domain) : std::vector<SlotCname>{};
      },
      [&](const canon::DomainName& domain, const std::vector<SlotCname>& cnames) {
        printer.add(domain, cnames, domain.str());
      },
      [&](const canon::DomainName&, const std::string& what) {
        std::cerr << fmt::format("dkimkey show: {}\n", terminal_text(what));
        code = ExitCode::problem;
      });
  printer.finish();
  if (!printer.has_printed() && code == ExitCode::done) {
    std::cerr << "dkimkey show: no domain has slots that lead to another name\n";
    code = ExitCode::problem;
  }
  return code;
}

}  // namespace

ExitCode show_cnames(const ParsedOptions& options, const crypto::KeyStore& by_path) {
  if (options.has("selector")) throw UsageError("--cname shows all slots: leave out --selector");
  if (options.has("all") && (options.has("domain") || options.has("zone")))
    throw UsageError("--all shows every domain, each with its own zone: leave out --domain and --zone");
  CnamePrinter printer(chosen_form(options));
  return options.has("all") ? show_all(by_path, printer) : show_one(options, by_path, printer);
}

}  // namespace dkim::keytool
