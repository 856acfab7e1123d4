#include "keytool/pick_domain.hpp"

#include <fstream>

#include "canon/text.hpp"
#include "keytool/errors.hpp"
#include "keytool/key_directory.hpp"

namespace dkim::keytool {
namespace {

std::optional<canon::DomainName> mailname_domain(const std::filesystem::path& mailname) {
  std::ifstream file(mailname);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  auto domain = canon::DomainName::parse(canon::trim_fws(line));
  if (!domain) return std::nullopt;
  return *std::move(domain);
}

std::vector<canon::DomainName> stored_domains(const crypto::KeyStore& store) {
  if (!key_directory_exists(store.directory())) return {};
  return store.domains();
}

}  // namespace

canon::DomainName parse_domain(const std::string& text) {
  auto domain = canon::DomainName::parse(text);
  if (!domain) throw UsageError("\"" + text + "\" is no domain: " + domain.refusal().reason);
  return *std::move(domain);
}

canon::Selector parse_selector(const std::string& text) {
  auto selector = canon::Selector::parse(text);
  if (!selector) throw UsageError("\"" + text + "\" is no selector: " + selector.refusal().reason);
  return *std::move(selector);
}

canon::DomainName pick_domain(const std::optional<std::string>& given, const crypto::KeyStore& store,
                              const std::filesystem::path& mailname) {
  if (given) return parse_domain(*given);
  auto domains = stored_domains(store);
  if (domains.size() == 1) return std::move(domains.front());
  if (auto domain = mailname_domain(mailname)) return *std::move(domain);
  throw UsageError(domains.empty() ? "which domain? " + store.directory().string() + " has none yet and " +
                                         mailname.string() + " names none: give --domain"
                                   : "which domain? " + store.directory().string() + " has " +
                                         std::to_string(domains.size()) + ": give --domain");
}

}  // namespace dkim::keytool
