#include "keytool/opendkim/rspamd_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "keytool/opendkim/path_template.hpp"
#include "keytool/opendkim/rspamd_values.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

// DOMAIN:SELECTOR:KEY, or DOMAIN:KEY with the default selector.
struct KeyLine {
  std::string domain;
  std::string selector;
  std::string key;
  std::string place;

  bool has_path() const { return key.starts_with('/') || key.starts_with("./") || key.starts_with("../"); }
  bool is_open() const {
    return domain.find('%') != std::string::npos || (has_path() && key.find('%') != std::string::npos);
  }
};

class Binder {
 public:
  Binder(const UclValue& signing, KeyCollector& keys, Sources& sources)
      : signing_(signing),
        keys_(keys),
        sources_(sources),
        selector_(rspamd_text(signing, "selector").value_or("dkim")) {}

  std::vector<Binding> bind() {
    for (const auto& line : map("key_table")) {
      auto key = key_line(line);
      // The first of each name counts.
      if (key) key_lines_.try_emplace(line.key, *std::move(key));
    }
    for (const auto& line : map("signing_table"))
      bind_line(line);
    return std::move(bindings_);
  }

 private:
  void lose(const std::string& place, const std::string& text) {
    keys_.add_remark(unsigned_mail(place, text));
  }

  std::vector<RspamdLine> map(std::string_view setting) {
    auto read = read_rspamd_map(signing_, setting, sources_, Remark::Kind::unsigned_mail);
    for (auto& remark : read.remarks)
      keys_.add_remark(std::move(remark));
    return std::move(read.lines);
  }

  std::optional<KeyLine> key_line(const RspamdLine& line) {
    std::vector<std::string> parts;
    for (std::string_view rest = line.value;;) {
      const auto colon = std::min(rest.find(':'), rest.size());
      parts.emplace_back(rest.substr(0, colon));
      if (colon == rest.size()) break;
      rest.remove_prefix(colon + 1);
    }
    if (parts.size() == 3) return KeyLine{parts[0], parts[1], parts[2], line.place};
    if (parts.size() == 2) return KeyLine{parts[0], selector_, parts[1], line.place};
    lose(line.place,
         fmt::format("key_table: {} has neither DOMAIN:SELECTOR:KEY nor DOMAIN:KEY", shown_word(line.key)));
    return std::nullopt;
  }

  void bind_line(const RspamdLine& line) {
    const auto patterns = line.key.find_first_of("?[]{}\\") == std::string::npos
                              ? patterns_of_glob(line.key)
                              : std::vector<AddressPattern>();
    if (patterns.empty())
      return lose(line.place,
                  fmt::format("signing_table: {} is not a pattern of addresses", shown_word(line.key)));
    for (const auto& pattern : patterns)
      bindings_.push_back({pattern, keys_for(pattern, line), line.place});
  }

  std::vector<KeyName> keys_for(const AddressPattern& pattern, const RspamdLine& line) {
    const bool is_one_domain = pattern.kind == Domain::host;
    if (line.value == "%" && !is_one_domain) {
      lose(
          line.place,
          fmt::format("signing_table: {}: each author's domain has a key of its own; dkimsignd needs to know "
                      "the domains",
                      pattern.text()));
      return {};
    }
    const auto key = key_lines_.find(line.value == "%" ? pattern.domain : line.value);
    if (key == key_lines_.end()) {
      lose(line.place,
           fmt::format("signing_table: {}: key_table has no {}", pattern.text(), shown_word(line.value)));
      return {};
    }
    if (key->second.is_open() && !is_one_domain) {
      lose(line.place,
           fmt::format("signing_table: {}: % in key_table stands for the author's domain; dkimsignd needs to "
                       "know the domains",
                       pattern.text()));
      return {};
    }
    const auto name = take(key->second, pattern.domain);
    return name ? std::vector{*name} : std::vector<KeyName>{};
  }

  std::optional<KeyName> take(const KeyLine& key, const std::string& author) {
    const auto domain = filled_in(key.domain, "%", author);
    if (key.has_path())
      return keys_.take_file(domain, key.selector, filled_in(key.key, "%", author), key.place);
    return keys_.take_text(domain, key.selector, key.key, key.place);
  }

  const UclValue& signing_;
  KeyCollector& keys_;
  Sources& sources_;
  const std::string selector_;
  std::map<std::string, KeyLine> key_lines_;
  std::vector<Binding> bindings_;
};

}  // namespace

std::vector<Binding> bind_rspamd_tables(const UclValue& signing, KeyCollector& keys, Sources& sources) {
  return Binder(signing, keys, sources).bind();
}

}  // namespace dkim::keytool::opendkim
