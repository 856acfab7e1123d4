#include "keytool/cli/pick_domain.hpp"

#include <fmt/format.h>

#include "canon/typed_names.hpp"
#include "crypto/store/file_store.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/keys/key_directory.hpp"

namespace dkim::keytool {
namespace {

std::vector<canon::DomainName> stored_domains(crypto::StoreOfRecord& store) {
  if (!key_directory_exists(store.files().directory())) return {};
  return store.domains();
}

}  // namespace

canon::DomainName parse_domain(const std::string& text) {
  auto domain = canon::parse_typed_domain(text);
  if (!domain) throw UsageError(fmt::format("\"{}\" is not a domain: {}", text, domain.refusal().reason));
  return *std::move(domain);
}

canon::Selector parse_selector(const std::string& text) {
  auto selector = canon::parse_typed_selector(text);
  if (!selector)
    throw UsageError(fmt::format("\"{}\" is not a selector: {}", text, selector.refusal().reason));
  return *std::move(selector);
}

canon::DomainName pick_named_domain(const std::string& text, crypto::StoreOfRecord& store) {
  auto domain = canon::DomainName::parse(text);
  if (domain && key_directory_exists(store.files().directory()) && store.has(*domain))
    return *std::move(domain);
  return parse_domain(text);
}

canon::DomainName pick_named_domain(const std::string& text, const crypto::KeyStore& store) {
  crypto::FileStore files(store);
  return pick_named_domain(text, files);
}

canon::Selector pick_selector(const std::string& text, crypto::StoreOfRecord& store,
                              const canon::DomainName& domain) {
  auto selector = canon::Selector::parse(text);
  if (selector && key_directory_exists(store.files().directory())) {
    const auto manifest = store.read_manifest(domain);
    if (manifest && manifest->find(*selector) != nullptr) return *std::move(selector);
  }
  return parse_selector(text);
}

canon::Selector pick_selector(const std::string& text, const crypto::KeyStore& store,
                              const canon::DomainName& domain) {
  crypto::FileStore files(store);
  return pick_selector(text, files, domain);
}

canon::DomainName pick_domain(const std::optional<std::string>& given, crypto::StoreOfRecord& store,
                              const OwnDomainSources& own) {
  if (given) return pick_named_domain(*given, store);
  auto domains = stored_domains(store);
  if (domains.size() == 1) return std::move(domains.front());
  if (auto domain = own_domain(own)) return *std::move(domain);
  const auto place = store.place();
  if (domains.empty()) {
    throw UsageError(fmt::format(
        "which domain? {} has none yet, and neither {} nor Postfix's myorigin nor this host's name is "
        "a domain in DNS: give --domain",
        place, own.mailname.string()));
  }
  throw UsageError(fmt::format("which domain? {} has {}: give --domain", place, domains.size()));
}

canon::DomainName pick_domain(const std::optional<std::string>& given, const crypto::KeyStore& store,
                              const OwnDomainSources& own) {
  crypto::FileStore files(store);
  return pick_domain(given, files, own);
}

crypto::KeyStore store_for(const std::vector<canon::DomainName>& domains, const crypto::KeyStore& by_path) {
  return domains.size() > 1 ? by_path.held() : by_path;
}

}  // namespace dkim::keytool
