#include "tests/crypto/signatures/signature_verifier.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <map>
#include <memory>
#include <stdexcept>

#include "canon/body_canon.hpp"
#include "canon/canonicalization.hpp"
#include "canon/header_canon.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

canon::CanonicalizationPair canonicalization(const canon::HeaderField& signature) {
  return *canon::parse_canonicalization(tag(signature, "c"));
}

// The field with the bytes between "b=" and the next ";" gone.
canon::HeaderField without_signature(canon::HeaderField field) {
  const auto list = canon::TagList::parse(field.value);
  for (const auto& entry : list->tags()) {
    if (entry.name != "b") continue;
    const std::size_t begin = field.value.find('=', entry.octet) + 1;
    const std::size_t end = std::min(field.value.find(';', begin), field.value.size());
    field.value.erase(begin, end - begin);
    break;
  }
  return field;
}

bool holds(const crypto::PrivateKey& key, const crypto::Digest& digest,
           const std::vector<unsigned char>& signature) {
  const auto octets = key.public_key();
  if (key.algorithm() == crypto::Algorithm::ed25519) {
    const Key pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets.data(), octets.size()),
                   EVP_PKEY_free);
    const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), digest.data(),
                            digest.size()) == 1;
  }
  const unsigned char* der = octets.data();
  const Key pkey(d2i_PUBKEY(nullptr, &der, static_cast<long>(octets.size())), EVP_PKEY_free);
  const KeyContext context(EVP_PKEY_CTX_new(pkey.get(), nullptr), EVP_PKEY_CTX_free);
  return EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
         EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) ==
             1;
}

}  // namespace

ParsedMessage parse_message(std::string_view text) {
  ParsedMessage message;
  while (!text.starts_with("\r\n")) {
    std::size_t end = text.find("\r\n");
    while (end != std::string_view::npos && end + 2 < text.size() && canon::is_wsp(text[end + 2]))
      end = text.find("\r\n", end + 2);
    const std::size_t colon = text.find(':');
    if (end == std::string_view::npos || colon > end) throw std::runtime_error("not a message for this test");
    message.fields.push_back(
        {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1, end - colon - 1))});
    text.remove_prefix(end + 2);
  }
  message.body = text.substr(2);
  return message;
}

std::string tag(const canon::HeaderField& signature, std::string_view name) {
  const auto list = canon::TagList::parse(signature.value);
  if (!list) throw std::runtime_error("the signature is no tag list: " + list.refusal().reason);
  return canon::without_fws(list->find(name).value_or(""));
}

crypto::Digest signed_digest(const canon::HeaderField& signature,
                             const std::vector<canon::HeaderField>& message) {
  const auto algorithm = canonicalization(signature).header;
  crypto::Sha256 hash;
  // Each mention of a name takes the last of its fields that is not taken yet; then there are none (§5.4.2).
  std::map<std::string, std::size_t> taken;
  const std::string names = tag(signature, "h");
  for (const auto name : canon::split_colons(names)) {
    const std::string lower = canon::lower_case(name);
    std::size_t to_skip = taken[lower]++;
    for (auto field = message.rbegin(); field != message.rend(); ++field) {
      if (canon::lower_case(canon::trim_fws(field->name)) != lower || to_skip-- > 0) continue;
      hash.update(canon::canonical_field(algorithm, *field));
      break;
    }
  }
  std::string own = canon::canonical_field(algorithm, without_signature(signature));
  own.resize(own.size() - 2);
  hash.update(own);
  return hash.finish();
}

std::string body_hash(const canon::HeaderField& signature, std::string_view body) {
  crypto::Sha256 hash;
  canon::BodyCanonicalizer canonicalizer(canonicalization(signature).body);
  const auto sink = [&](std::string_view octets) { hash.update(octets); };
  canonicalizer.update(body, sink);
  canonicalizer.finish(sink);
  return crypto::base64_encode(hash.finish());
}

std::string verify(const canon::HeaderField& signature, const ParsedMessage& message,
                   const crypto::PrivateKey& key) {
  if (tag(signature, "a") != signature_name(key.algorithm())) return "a= is " + tag(signature, "a");
  if (body_hash(signature, message.body) != tag(signature, "bh")) return "the body hash differs";
  const auto octets = crypto::base64_decode(tag(signature, "b"));
  if (!octets) return "b= is not base64";
  if (!holds(key, signed_digest(signature, message.fields), *octets)) return "the signature does not hold";
  return "";
}

}  // namespace dkim::test
