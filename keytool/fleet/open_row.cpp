#include "keytool/fleet/open_row.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/keys/sealed_key.hpp"
#include "crypto/settings/settings_source.hpp"

namespace dkim::keytool::fleet {
namespace {

canon::DomainName domain_of(const DomainRow& row) {
  auto domain = canon::DomainName::parse(row.domain);
  // A name in another form would be a second row for the same files.
  if (!domain || domain->str() != row.domain)
    throw RowRefused(fmt::format("\"{}\" is not the name of a domain", canon::printable(row.domain, 253)));
  return *std::move(domain);
}

crypto::Manifest manifest_of(const DomainRow& row) {
  if (row.manifest.size() > crypto::most_settings_bytes)
    throw RowRefused(fmt::format("its manifest in the database has {} bytes", row.manifest.size()));
  return crypto::parse_manifest(row.manifest, "the manifest in the database");
}

const KeyRow& key_row_of(const DomainRow& row, const crypto::KeyEntry& entry) {
  const auto found = std::find_if(row.keys.begin(), row.keys.end(), [&](const KeyRow& key) {
    return key.selector == entry.selector.str() && key.use == entry.use;
  });
  if (found == row.keys.end()) {
    throw RowRefused(fmt::format("its key {} is {}, but the database has no private key for it",
                                 entry.selector.str(), to_string(entry.state)));
  }
  return *found;
}

crypto::PrivateKey opened_key(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                              const KeyRow& key, const crypto::SealingKeys& sealing_keys,
                              const std::map<int, std::string>& fingerprints) {
  if (key.algorithm != crypto::key_name(entry.algorithm)) {
    throw RowRefused(fmt::format("its private key {} is of another algorithm than its manifest says",
                                 entry.selector.str()));
  }
  const auto fingerprint = fingerprints.find(key.sealed.sealing_key);
  auto opened = crypto::unseal(key.sealed, {domain, entry.id(), entry.algorithm}, sealing_keys,
                               fingerprint == fingerprints.end() ? "" : fingerprint->second);
  if (opened.algorithm() != entry.algorithm || opened.bits() != entry.bits) {
    throw RowRefused(
        fmt::format("its private key {} is another one than its manifest says", entry.selector.str()));
  }
  return opened;
}

}  // namespace

OpenedRow open_row(const DomainRow& row, const crypto::SealingKeys& sealing_keys,
                   const std::map<int, std::string>& fingerprints) {
  try {
    OpenedRow opened{domain_of(row), {manifest_of(row), {}}};
    for (const auto& entry : opened.state.manifest.keys) {
      if (entry.state == crypto::KeyState::revoked) continue;
      opened.state.keys.push_back(
          {entry.id(), opened_key(opened.domain, entry, key_row_of(row, entry), sealing_keys, fingerprints)});
    }
    return opened;
  } catch (const RowRefused&) {
    throw;
  } catch (const crypto::Error& error) {
    // Of the manifest, of the sealed key, or of what was in it.
    throw RowRefused(canon::printable(error.what()));
  }
}

}  // namespace dkim::keytool::fleet
