#include "keytool/opendkim/rspamd_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/shown_word.hpp"
#include "keytool/opendkim/top_level_domain.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view key_ending = ".key";
constexpr std::string_view record_mark = "._domainkey";

std::size_t labels_in(std::string_view name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1;
}

struct NameParts {
  std::string domain;
  std::string selector;
};

// Reads "mail._domainkey IN TXT ...", as rspamadm dkim_keygen prints it, or the same with the domain
// appended.
std::optional<NameParts> parts_of_record(const std::filesystem::path& file, Sources& sources) {
  try {
    const std::string text = canon::lower_case(sources.read_text(file));
    constexpr std::string_view ends = " \t\r\n\"'";
    const auto mark = text.find(record_mark);
    if (mark == std::string::npos) return std::nullopt;
    const auto before = text.find_last_of(ends, mark);
    const auto begin = before == std::string::npos ? 0 : before + 1;
    NameParts parts{{}, text.substr(begin, mark - begin)};
    const auto behind = mark + record_mark.size();
    const auto end = std::min(text.find_first_of(ends, behind), text.size());
    if (end > behind && text[behind] == '.') parts.domain = text.substr(behind + 1, end - behind - 1);
    if (parts.domain.ends_with('.')) parts.domain.pop_back();
    return parts.selector.empty() ? std::nullopt : std::optional(parts);
  } catch (const crypto::StoreError&) {
    return std::nullopt;
  }
}

// Returns the domain if the name ends in that selector and something is left.
std::optional<std::string> domain_before(const std::string& name, const std::string& selector) {
  if (selector.empty() || name.size() <= selector.size() + 1 || !name.ends_with("." + selector))
    return std::nullopt;
  return name.substr(0, name.size() - selector.size() - 1);
}

class FolderReader {
 public:
  FolderReader(const RspamdFolder& folder, Sources& sources, KeyCollector& keys)
      : folder_(folder), sources_(sources), keys_(keys), files_(sources.names_in(folder.directory)) {
    if (folder.domain) domain_ = canon::lower_case(*folder.domain);
    if (folder.selector) selector_ = canon::lower_case(*folder.selector);
    for (const auto& file : files_) {
      if (file.ends_with(key_ending) && file.size() > key_ending.size())
        names_.push_back({file, canon::lower_case(file.substr(0, file.size() - key_ending.size()))});
    }
  }

  void read() {
    if (names_.empty()) {
      lose(folder_.directory.string(), "no file there ends in .key");
    } else if (!domain_.empty() && !selector_.empty()) {
      read_one();
    } else {
      for (const auto& name : names_)
        read_name(name);
      if (found_) return;
      lose(folder_.directory.string(), domain_.empty()
                                           ? fmt::format("no key there has the selector {}", selector_)
                                           : fmt::format("no key there belongs to the domain {}", domain_));
    }
  }

 private:
  struct Name {
    std::string file;
    std::string text;  // in lower case, without .key
  };

  std::string path(const Name& name) const { return (folder_.directory / name.file).string(); }
  void lose(const std::string& place, const std::string& text) {
    keys_.add_remark(not_taken(place, text));
    found_ = true;  // something has been said
  }
  void take(const Name& name, const NameParts& parts) {
    found_ = true;
    keys_.take_file(parts.domain, parts.selector, path(name), path(name));
  }
  void take_with_note(const Name& name, const NameParts& parts, const std::string& what) {
    found_ = true;
    const auto taken = keys_.take_file(parts.domain, parts.selector, path(name), path(name));
    if (taken && !keys_.has_failed(*taken)) keys_.add_remark(note(path(name), what));
  }

  std::string pem_command(const Name& name, const std::string& domain, const std::string& selector) const {
    return fmt::format("dkimkey import --pem {} --domain {} --selector {}", shell_word(path(name)), domain,
                       selector);
  }

  // Reads the one key of the domain and selector that the user names.
  void read_one() {
    const std::string whole = domain_ + "." + selector_;
    std::vector<const Name*> parts;
    for (const auto& name : names_) {
      if (name.text == whole) return take(name, {domain_, selector_});
      if (name.text == domain_ || name.text == selector_) parts.push_back(&name);
    }
    if (parts.empty()) {
      lose(folder_.directory.string(),
           fmt::format(
               "no key there has the selector {} and the domain {}: there is no {}.key, {}.key or {}.key",
               selector_, domain_, whole, domain_, selector_));
    } else if (parts.size() > 1) {
      lose(folder_.directory.string(),
           fmt::format("{} and {} may both be the key of selector {} of {}; say which: {}", parts[0]->file,
                       parts[1]->file, selector_, domain_, pem_command(*parts[0], domain_, selector_)));
    } else {
      take(*parts[0], {domain_, selector_});
    }
  }

  void read_name(const Name& name) {
    const auto record = record_beside(name);
    if (!domain_.empty()) {
      if (name.text.starts_with(domain_ + ".")) {
        take(name, {domain_, name.text.substr(domain_.size() + 1)});
      } else if (name.text == domain_) {
        record ? take(name, {domain_, record->selector}) : lose_without_selector(name);
      }
    } else if (!selector_.empty()) {
      read_with_selector(name, record);
    } else if (record) {
      read_with_record(name, *record);
    } else {
      read_alone(name);
    }
  }

  void read_with_selector(const Name& name, const std::optional<NameParts>& record) {
    if (const auto domain = domain_before(name.text, selector_)) {
      take(name, {*domain, selector_});
    } else if (name.text == selector_) {
      record && !record->domain.empty() ? take(name, {record->domain, selector_}) : lose_without_domain(name);
    } else if (labels_in(name.text) == 2) {
      // If the selector is known, a name of two labels can only be a domain.
      take(name, {name.text, selector_});
    } else if (ends_like_a_domain(name.text)) {
      keys_.add_remark(
          note(path(name), fmt::format("skipped; if it is the key of {}, say so with --domain", name.text)));
    }
  }

  void read_with_record(const Name& name, const NameParts& record) {
    if (const auto domain = domain_before(name.text, record.selector); domain && labels_in(*domain) > 1) {
      take(name, {*domain, record.selector});
    } else if (name.text == record.selector) {
      record.domain.empty() ? lose_without_domain(name)
                            : take_with_note(name, record,
                                             fmt::format("the record beside it says that its domain is {}",
                                                         shown_word(record.domain)));
    } else if (labels_in(name.text) > 1) {
      take_with_note(
          name, {name.text, record.selector},
          fmt::format("the record beside it says that its selector is {}", shown_word(record.selector)));
    } else {
      lose_without_domain(name);
    }
  }

  void read_alone(const Name& name) {
    const auto labels = labels_in(name.text);
    const auto dot = name.text.rfind('.');
    if (labels == 1) return lose_without_domain(name);
    const NameParts parts{name.text.substr(0, dot), name.text.substr(dot + 1)};
    if (labels == 2 || (ends_like_a_domain(name.text) && !ends_like_a_domain(parts.domain)))
      return lose_without_selector(name);
    if (ends_like_a_domain(name.text)) {
      lose(path(name), fmt::format("the name may be a domain's, or end in the selector {}; say which with "
                                   "--domain and --selector, or with: {}",
                                   parts.selector, pem_command(name, "DOMAIN", "SELECTOR")));
    } else if (labels > 3) {
      take_with_note(
          name, parts,
          fmt::format("read as selector {} of {}; if that is wrong, say so with --selector or --domain",
                      parts.selector, parts.domain));
    } else {
      take(name, parts);
    }
  }

  // Only the user can supply the other half: rspamd has it in dkim_signing.conf.
  void lose_without_selector(const Name& name) {
    lose(
        path(name),
        fmt::format("the name has no selector; give the one in dkim_signing.conf with --domain {} --selector "
                    "SELECTOR, or with: {}",
                    name.text, pem_command(name, name.text, "SELECTOR")));
  }
  void lose_without_domain(const Name& name) {
    lose(path(name),
         fmt::format(
             "the name is not of the form DOMAIN.SELECTOR.key; if it is a selector, give the domain with "
             "--domain DOMAIN --selector {}, or with: {}",
             name.text, pem_command(name, "DOMAIN", name.text)));
  }

  std::optional<NameParts> record_beside(const Name& name) const {
    const auto stem = name.file.substr(0, name.file.size() - key_ending.size());
    for (const auto* ending : {".txt", ".pub"}) {
      if (!std::binary_search(files_.begin(), files_.end(), stem + ending)) continue;
      if (auto parts = parts_of_record(folder_.directory / (stem + ending), sources_)) return parts;
    }
    return std::nullopt;
  }

  const RspamdFolder& folder_;
  Sources& sources_;
  KeyCollector& keys_;
  const std::vector<std::string> files_;
  std::vector<Name> names_;
  std::string domain_;
  std::string selector_;
  bool found_ = false;
};

}  // namespace

void collect_rspamd_keys(const RspamdFolder& folder, Sources& sources, KeyCollector& keys) {
  FolderReader(folder, sources, keys).read();
}

}  // namespace dkim::keytool::opendkim
