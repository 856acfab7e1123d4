#include "keytool/fleet/sealed_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/keys/sealed_key.hpp"

namespace dkim::keytool::fleet {

const crypto::SealingKey& newest_sealing_key(const crypto::SealingKeys& keys,
                                             const std::map<int, std::string>& fingerprints) {
  if (fingerprints.empty())
    throw crypto::KeyFileError("the fleet has no sealing key yet: dkimkey fleet init makes it");
  const auto& [number, fingerprint] = *fingerprints.rbegin();
  const auto* const key = keys.find(number);
  if (key == nullptr) {
    throw crypto::KeyFileError(
        fmt::format("this machine's file of sealing keys lacks number {}, with which the fleet seals: "
                    "copy the file from a machine that has it",
                    number));
  }
  if (key->fingerprint() != fingerprint) {
    throw crypto::KeyFileError(
        fmt::format("this machine's sealing key number {} is not the fleet's: copy the file from a "
                    "machine of this fleet",
                    number));
  }
  return *key;
}

KeyRow seal_row(const canon::DomainName& domain, const crypto::KeyEntry& entry, const crypto::PrivateKey& key,
                const crypto::SealingKey& with) {
  return {entry.selector.str(), entry.use, std::string(crypto::key_name(entry.algorithm)),
          crypto::seal(key, {domain, entry.id(), entry.algorithm}, with)};
}

crypto::PrivateKey open_key(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                            const std::vector<KeyRow>& rows, const crypto::SealingKeys& keys,
                            const std::map<int, std::string>& fingerprints) {
  const auto& selector = entry.selector.str();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const KeyRow& key) { return is_row_of(key, entry); });
  if (row == rows.end()) {
    throw crypto::KeyFileError(
        fmt::format("the key {} of {} is {}, but the fleet's database has no private key for it", selector,
                    domain.str(), to_string(entry.state)));
  }
  const auto fingerprint = fingerprints.find(row->sealed.sealing_key);
  try {
    auto key = crypto::unseal(row->sealed, {domain, entry.id(), entry.algorithm}, keys,
                              fingerprint == fingerprints.end() ? "" : fingerprint->second);
    if (row->algorithm == crypto::key_name(entry.algorithm) && key.algorithm() == entry.algorithm &&
        key.bits() == entry.bits)
      return key;
  } catch (const crypto::SealError& error) {
    throw crypto::KeyFileError(error.what());
  }
  throw crypto::KeyFileError(fmt::format(
      "the private key {} of {} in the fleet's database is of another kind than its manifest says", selector,
      domain.str()));
}

bool is_row_of(const KeyRow& row, const crypto::KeyEntry& entry) {
  return row.selector == entry.selector.str() && row.use == entry.use;
}

}  // namespace dkim::keytool::fleet
