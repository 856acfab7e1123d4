#include "keytool/opendkim/rspamd_folder.hpp"

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/error.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view key_ending = ".key";

// Of "mail._domainkey IN TXT ...", as rspamadm dkim_keygen prints it.
std::optional<std::string> selector_of_record(const std::filesystem::path& file, Sources& sources) {
  try {
    const std::string text = sources.read_text(file);
    const auto end = text.find("._domainkey");
    if (end == std::string::npos) return std::nullopt;
    const auto begin = text.find_last_of(" \t\r\n\"'", end);
    return canon::lower_case(text.substr(begin == std::string::npos ? 0 : begin + 1,
                                         end - (begin == std::string::npos ? 0 : begin + 1)));
  } catch (const crypto::StoreError&) {
    return std::nullopt;
  }
}

struct NameParts {
  std::string domain;
  std::string selector;
  bool guessed = false;
};

std::optional<NameParts> parts_with_selector(const std::string& name, const std::string& selector) {
  if (selector.empty() || name.size() <= selector.size() + 1 || !name.ends_with("." + selector))
    return std::nullopt;
  return NameParts{name.substr(0, name.size() - selector.size() - 1), selector};
}

std::optional<NameParts> divide(const std::string& name, const std::vector<std::string>& files,
                                const RspamdFolder& folder, Sources& sources) {
  if (folder.domain) {
    const std::string domain = canon::lower_case(*folder.domain);
    if (!name.starts_with(domain + ".")) return std::nullopt;
    NameParts parts{domain, name.substr(domain.size() + 1)};
    if (folder.selector && parts.selector != canon::lower_case(*folder.selector)) return std::nullopt;
    return parts;
  }
  if (folder.selector) return parts_with_selector(name, canon::lower_case(*folder.selector));
  for (const auto* ending : {".txt", ".pub"}) {
    if (!std::binary_search(files.begin(), files.end(), name + ending)) continue;
    if (const auto selector = selector_of_record(folder.directory / (name + ending), sources)) {
      if (auto parts = parts_with_selector(name, *selector)) return parts;
    }
  }
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  // With three labels there is only one way that leaves a domain of two.
  const bool guessed = std::count(name.begin(), name.end(), '.') > 2;
  return NameParts{name.substr(0, dot), name.substr(dot + 1), guessed};
}

}  // namespace

void collect_rspamd_keys(const RspamdFolder& folder, Sources& sources, KeyCollector& keys) {
  const auto files = sources.names_in(folder.directory);
  for (const auto& file : files) {
    if (!file.ends_with(key_ending) || file.size() == key_ending.size()) continue;
    const auto path = folder.directory / file;
    const auto parts =
        divide(canon::lower_case(file.substr(0, file.size() - key_ending.size())), files, folder, sources);
    if (!parts) {
      if (!folder.domain && !folder.selector)
        keys.remarks().push_back(not_taken(path.string(), "the name is not of the form DOMAIN.SELECTOR.key"));
      continue;
    }
    const auto name = keys.take_file(parts->domain, parts->selector, path, path.string());
    if (name && parts->guessed && !keys.has_failed(*name)) {
      keys.remarks().push_back(note(path.string(), "read as selector " + parts->selector + " of " +
                                                       parts->domain +
                                                       "; if it is another, say so with --selector or "
                                                       "--domain"));
    }
  }
}

}  // namespace dkim::keytool::opendkim
