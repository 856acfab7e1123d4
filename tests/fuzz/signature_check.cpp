#include "tests/fuzz/signature_check.hpp"

#include <openssl/evp.h>

#include <memory>

#include "canon/canonicalization.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "tests/canon/body_reference.hpp"
#include "tests/canon/header_reference.hpp"

namespace dkim::test {
namespace {

using Octets = std::vector<unsigned char>;

Octets sha256(std::string_view text) {
  Octets digest(32);
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Octets decoded(std::string_view base64) {
  const std::string text = canon::without_fws(base64);
  Octets out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  // OpenSSL counts the bytes that padding stands for.
  const auto padding = text.size() - (text.find_last_not_of('=') + 1);
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

bool ed25519_verifies(const Octets& signature, const Octets& message, const Octets& public_key) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

bool verifies(const canon::HeaderField& signature, const std::vector<canon::HeaderField>& fields,
              std::string_view body, const std::vector<unsigned char>& public_key) {
  const auto tags = canon::TagList::parse(signature.value);
  if (!tags || tags->find("v") != "1" || tags->find("a") != "ed25519-sha256" ||
      tags->tags().back().name != "b")
    return false;
  const auto algorithms = canon::parse_canonicalization(tags->find("c").value_or("simple"));
  if (!algorithms || !tags->find("h") || !tags->find("bh")) return false;
  if (decoded(*tags->find("bh")) != sha256(reference_body(algorithms->body, body))) return false;

  std::vector<std::string> names;
  for (const auto name : canon::split_colons(*tags->find("h")))
    names.emplace_back(name);
  std::string text;
  for (const std::size_t index : fields_for_verifier(fields, names))
    text += reference_field(algorithms->header, fields[index]);
  // b= is the last tag: what follows its "=" counts as absent.
  const std::string_view b = tags->tags().back().value;
  const auto before = static_cast<std::size_t>(b.data() - signature.value.data());
  const std::string own =
      reference_field(algorithms->header, {signature.name, signature.value.substr(0, before)});
  text += own.substr(0, own.size() - 2);
  return ed25519_verifies(decoded(b), sha256(text), public_key);
}

}  // namespace dkim::test
