#include "crypto/keys/sealing_keys.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "crypto/openssl.hpp"

namespace dkim::crypto {
namespace {

constexpr std::size_t fingerprint_bytes = 16;
constexpr std::string_view fingerprint_text = "dkimsignd sealing key";

}  // namespace

std::string SealingKey::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  const auto* const text = reinterpret_cast<const unsigned char*>(fingerprint_text.data());
  if (HMAC(sha256(), bytes.data(), static_cast<int>(bytes.size()), text, fingerprint_text.size(), mac.data(),
           &length) == nullptr ||
      length < fingerprint_bytes)
    throw_openssl_error("cannot make the fingerprint of a sealing key");
  std::string digits;
  for (std::size_t i = 0; i < fingerprint_bytes; ++i)
    digits += fmt::format("{:02x}", mac[i]);
  return digits;
}

SealingKeys::SealingKeys(std::vector<SealingKey> keys) : keys_(std::move(keys)) {
  std::sort(keys_.begin(), keys_.end(),
            [](const SealingKey& a, const SealingKey& b) { return a.number < b.number; });
}

const SealingKey* SealingKeys::find(int number) const {
  const auto key = std::find_if(keys_.begin(), keys_.end(),
                                [number](const SealingKey& entry) { return entry.number == number; });
  return key == keys_.end() ? nullptr : &*key;
}

Secret SealingKeys::text() const {
  Secret out;
  const auto add = [&out](std::string_view text) { out.insert(out.end(), text.begin(), text.end()); };
  add("# Written by dkimkey. Every machine of the fleet needs this file. Keep a copy in a safe place: "
      "without it, no\n"
      "# key in the fleet's database can be opened.\nsealing_keys = (");
  std::string_view separator = "\n";
  for (const auto& key : keys_) {
    auto digits = base64_encode({reinterpret_cast<const unsigned char*>(key.bytes.data()), key.bytes.size()});
    add(separator);
    add(fmt::format("  {{ number = {}; key = \"", key.number));
    add(digits);
    add("\"; }");
    OPENSSL_cleanse(digits.data(), digits.size());
    separator = ",\n";
  }
  add("\n);\n");
  return out;
}

}  // namespace dkim::crypto
