#include "keytool/opendkim/rspamd_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "canon/typed_names.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/path_template.hpp"
#include "keytool/opendkim/rspamd_values.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view default_path = "/var/lib/rspamd/dkim/$domain.$selector.key";
constexpr std::string_view default_selector = "dkim";

// Replaces $name and ${name}.
std::string with_value(const std::string& text, const std::string& name, const std::string& value) {
  return filled_in(filled_in(text, "${" + name + "}", value), "$" + name, value);
}

class Finder {
 public:
  Finder(const UclValue& signing, Sources& sources)
      : signing_(signing),
        sources_(sources),
        selectors_(map("selector_map")),
        paths_(map("path_map")),
        path_(rspamd_text(signing, "path").value_or(std::string(default_path))),
        selector_(rspamd_text(signing, "selector").value_or(std::string(default_selector))) {}

  RspamdKeys find() {
    read_sections();
    for (const auto* names : {&selectors_, &paths_}) {
      for (const auto& [domain, line] : *names) {
        if (found_.domains.find(domain) == found_.domains.end()) complete(domain, {{}}, line.place);
      }
    }
    // From Redis they come by selector alone.
    if (rspamd_switch(signing_, "try_fallback").value_or(true) &&
        !rspamd_switch(signing_, "use_redis").value_or(false))
      find_files();
    return std::move(found_);
  }

 private:
  // Empty parts come from the maps and the defaults.
  struct Parts {
    std::optional<std::string> selector = {};
    std::optional<std::string> path = {};
    std::string place = {};
  };
  using Lines = std::map<std::string, RspamdLine>;

  void lose(const std::string& place, const std::string& text) {
    found_.remarks.push_back(unsigned_mail(place, text));
  }

  Lines map(std::string_view setting) {
    auto read = read_rspamd_map(signing_, setting, sources_, Remark::Kind::unsigned_mail);
    found_.remarks.insert(found_.remarks.end(), read.remarks.begin(), read.remarks.end());
    const auto is_plausible = [](const RspamdLine& line) {
      return line.key.find('.') != std::string::npos && is_harmless_word(line.key) &&
             is_harmless_word(line.value);
    };
    // A file may be anything: its lines are not shown unless it is a map.
    if (!read.file.empty() && !read.lines.empty() &&
        std::none_of(read.lines.begin(), read.lines.end(), is_plausible)) {
      lose(read.file, fmt::format("{}: none of its lines is a domain with a value", setting));
      return {};
    }
    Lines lines;
    for (auto& line : read.lines) {
      const auto domain = line.key;
      if (line.value.empty()) {
        lose(line.place, fmt::format("{}: {} has no value", setting, shown_word(domain)));
      } else {
        lines.insert_or_assign(domain, std::move(line));
      }
    }
    return lines;
  }

  void read_sections() {
    const auto& sections = signing_.all("domain");
    if (sections.size() > 1) {
      lose(sections.back().place,
           "domain { } stands more than once in override.d: rspamd uses none of them; all are taken here");
    }
    for (const auto& section : sections) {
      for (const auto& [domain, values] : section.members) {
        if (values.size() > 1 || !values.front().is_section()) {
          lose(values.front().place,
               fmt::format("the domain {} is not one section: rspamd cannot use it either",
                           shown_word(domain)));
        } else if (domain != canon::lower_case(domain)) {
          found_.remarks.push_back(
              note(values.front().place,
                   fmt::format("rspamd never finds the domain {}: it looks for names in lower case",
                               shown_word(domain))));
        } else {
          complete(domain, parts_of(values.front()), values.front().place);
        }
      }
    }
  }

  std::vector<Parts> parts_of(const UclValue& domain) {
    std::vector<Parts> parts;
    if (domain.find("selector") != nullptr || domain.find("path") != nullptr) add_parts(parts, domain);
    for (const auto& selectors : domain.all("selectors")) {
      if (selectors.is_section()) add_parts(parts, selectors);
      for (const auto& item : selectors.items)
        add_parts(parts, item);
    }
    for (const auto& [name, values] : domain.members) {
      if (name != "selector" && name != "path" && name != "selectors")
        found_.remarks.push_back(
            not_taken(values.front().place,
                      fmt::format("{} in the section of a domain is not taken", shown_word(name))));
    }
    return parts;
  }

  void add_parts(std::vector<Parts>& parts, const UclValue& section) {
    for (const auto* name : {"selector", "path"}) {
      if (section.all(name).size() > 1 || (section.find(name) != nullptr && !section.find(name)->is_text()))
        return lose(section.place,
                    fmt::format("{} has more than one value: rspamd cannot sign with that either", name));
    }
    const auto* selector = section.find("selector");
    if (selector != nullptr && !selector->is_quoted && !selector->text.empty() &&
        std::all_of(selector->text.begin(), selector->text.end(), canon::is_digit)) {
      found_.remarks.push_back(signed_otherwise(
          selector->place,
          fmt::format(
              "selector {} is a number without quotation marks: rspamd does not sign with it; dkimsignd will",
              selector->text)));
    }
    parts.push_back({rspamd_text(section, "selector"), rspamd_text(section, "path"), section.place});
  }

  void complete(const std::string& domain, std::vector<Parts> parts, const std::string& place) {
    auto& keys = found_.domains[domain];
    if (parts.empty()) parts.emplace_back();
    for (auto& part : parts) {
      const auto selector = selectors_.find(domain);
      const auto path = paths_.find(domain);
      if (!part.selector && selector != selectors_.end()) part.selector = selector->second.value;
      if (!part.path && path != paths_.end()) part.path = path->second.value;
      RspamdKey key{part.selector.value_or(selector_), part.path.value_or(path_),
                    part.place.empty() ? place : part.place};
      key.path = with_value(with_value(key.path, "domain", domain), "selector", key.selector);
      keys.push_back(std::move(key));
    }
  }

  // Matches the default path against the files that exist, as rspamd does for each domain that mail comes
  // from.
  void find_files() {
    const auto* setting = signing_.find("path");
    const std::string place = setting != nullptr ? setting->place : signing_.place;
    const auto pattern = with_value(path_, "selector", selector_);
    const auto variable = std::min(pattern.find("$domain"), pattern.find("${domain}"));
    if (variable == std::string::npos) {
      if (sources_.entry_at(pattern) == Sources::Entry::file)
        lose(place,
             fmt::format("{} signs as whatever domain the author has; dkimsignd needs to know the domains: "
                         "dkimkey import --pem FILE --domain DOMAIN --selector {}",
                         shown_word(pattern), shown_word(selector_)));
      return;
    }
    const auto slash = pattern.rfind('/', variable);
    if (slash == std::string::npos) return lose(place, "path does not begin with /");
    const auto directory = pattern.substr(0, slash + 1);
    const auto end = std::min(pattern.find('/', variable), pattern.size());
    const auto before = pattern.substr(slash + 1, variable - slash - 1);
    const auto variable_size = std::string_view(pattern).substr(variable).starts_with("${") ? 9U : 7U;
    const auto after =
        with_value(pattern.substr(variable + variable_size, end - variable - variable_size), "domain", "");
    for (const auto& name : names_in(directory, place, setting != nullptr)) {
      if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after))
        continue;
      const auto domain = name.substr(before.size(), name.size() - before.size() - after.size());
      const auto path = with_value(pattern, "domain", domain);
      if (found_.domains.find(domain) != found_.domains.end() || !canon::parse_typed_domain(domain) ||
          sources_.entry_at(path) != Sources::Entry::file)
        continue;
      found_.domains[domain] = {{selector_, path, place}};
    }
  }

  std::vector<std::string> names_in(const std::string& directory, const std::string& place, bool is_set) {
    if (!is_set && sources_.entry_at(directory) == Sources::Entry::none) return {};
    try {
      return sources_.names_in(directory);
    } catch (const crypto::StoreError& error) {
      lose(place, fmt::format("path: {}", error.what()));
      return {};
    }
  }

  const UclValue& signing_;
  Sources& sources_;
  RspamdKeys found_;
  const Lines selectors_;
  const Lines paths_;
  const std::string path_;
  const std::string selector_;
};

}  // namespace

RspamdKeys find_rspamd_keys(const UclValue& signing, Sources& sources) {
  return Finder(signing, sources).find();
}

}  // namespace dkim::keytool::opendkim
