#include "tests/milter/signature_check.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "canon/canonicalization.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "tests/canon/body_reference.hpp"
#include "tests/canon/header_reference.hpp"

namespace dkim::test {
namespace {

using Octets = std::vector<unsigned char>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

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
  // OpenSSL counts the octets that padding stands for.
  const auto padding = text.size() - (text.find_last_not_of('=') + 1);
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

// RFC 8463 §3 signs the digest itself; RSA hashes the text while it verifies.
bool holds(std::string_view algorithm, const Octets& signature, std::string_view text, const Octets& octets) {
  const unsigned char* start = octets.data();
  const bool rsa = algorithm == "rsa-sha256";
  const Key key(rsa ? d2i_PUBKEY(nullptr, &start, static_cast<long>(octets.size()))
                    : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets.data(), octets.size()),
                EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != (rsa ? EVP_PKEY_RSA : EVP_PKEY_ED25519)) return false;
  const Octets digest = sha256(text);
  const auto* message = rsa ? reinterpret_cast<const unsigned char*>(text.data()) : digest.data();
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr, key.get()) ==
             1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message,
                          rsa ? text.size() : digest.size()) == 1;
}

}  // namespace

std::string signature_fault(const canon::HeaderField& signature,
                            const std::vector<canon::HeaderField>& fields, std::string_view body,
                            const PublicKeys& public_keys) {
  const auto tags = canon::TagList::parse(signature.value);
  if (!tags) return "no tag list: " + tags.refusal().reason;
  for (const auto name : {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}) {
    if (!tags->find(name)) return std::string("no ") + name + "=";
  }
  const std::string algorithm(*tags->find("a"));
  if (*tags->find("v") != "1" || (algorithm != "rsa-sha256" && algorithm != "ed25519-sha256"))
    return "another version or algorithm";
  const auto key = public_keys.find({std::string(*tags->find("d")), std::string(*tags->find("s"))});
  if (key == public_keys.end()) return "no such key";
  const auto algorithms = canon::parse_canonicalization(*tags->find("c"));
  if (!algorithms) return "another canonicalization";
  if (decoded(*tags->find("bh")) != sha256(reference_body(algorithms->body, body))) return "another body";

  std::vector<std::string> names;
  for (const auto name : canon::split_colons(*tags->find("h")))
    names.emplace_back(name);
  std::string text;
  for (const std::size_t index : fields_for_verifier(fields, names))
    text += reference_field(algorithms->header, fields[index]);
  if (tags->tags().back().name != "b") return "b= is not last";
  // What follows its "=" counts as absent.
  const std::string_view b = tags->tags().back().value;
  const auto before = static_cast<std::size_t>(b.data() - signature.value.data());
  const std::string own =
      reference_field(algorithms->header, {signature.name, signature.value.substr(0, before)});
  text += own.substr(0, own.size() - 2);
  return holds(algorithm, decoded(b), text, key->second) ? "" : "the signature is not of this key and header";
}

std::string signature_tag(const canon::HeaderField& signature, std::string_view name) {
  const auto tags = canon::TagList::parse(signature.value);
  if (!tags) return {};
  return canon::without_fws(tags->find(name).value_or(""));
}

}  // namespace dkim::test
