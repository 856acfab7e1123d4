#include "tests/support/signature_check.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "canon/canonicalization.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "tests/support/body_reference.hpp"
#include "tests/support/header_reference.hpp"

namespace dkim::test {
namespace {

using Bytes = std::vector<unsigned char>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Bytes sha256(std::string_view text) {
  Bytes digest(32);
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Bytes decoded(const std::string& base64) {
  Bytes out(base64.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  if (size < 0) return {};
  // OpenSSL also counts the bytes that padding replaces.
  const auto padding = base64.size() - (base64.find_last_not_of('=') + 1);
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::optional<canon::CanonicalizationPair> canonicalization_of(const canon::HeaderField& signature) {
  const auto written = signature_tag(signature, "c");
  const auto pair = canon::parse_canonicalization(written.empty() ? "simple/simple" : written);
  if (!pair) return std::nullopt;
  return *pair;
}

canon::HeaderField without_value_of_b(canon::HeaderField signature) {
  const auto tags = canon::TagList::parse(signature.value);
  for (const auto& tag : tags->tags()) {
    if (tag.name != "b") continue;
    const std::size_t begin = signature.value.find('=', tag.byte) + 1;
    const std::size_t end = std::min(signature.value.find(';', begin), signature.value.size());
    signature.value.erase(begin, end - begin);
    break;
  }
  return signature;
}

// RFC 8463 §3 signs the digest itself; RSA hashes the text while it verifies.
bool holds(std::string_view algorithm, const Bytes& signature, std::string_view text,
           const Bytes& public_key) {
  const unsigned char* start = public_key.data();
  const bool rsa = algorithm == "rsa-sha256";
  const Key key(
      rsa ? d2i_PUBKEY(nullptr, &start, static_cast<long>(public_key.size()))
          : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()),
      EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != (rsa ? EVP_PKEY_RSA : EVP_PKEY_ED25519)) return false;
  const Bytes digest = sha256(text);
  const auto* message = rsa ? reinterpret_cast<const unsigned char*>(text.data()) : digest.data();
  const std::size_t size = rsa ? text.size() : digest.size();
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr, key.get()) ==
             1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message, size) == 1;
}

}  // namespace

std::string signature_tag(const canon::HeaderField& signature, std::string_view name) {
  const auto tags = canon::TagList::parse(signature.value);
  if (!tags) return {};
  return canon::without_fws(tags->find(name).value_or(""));
}

std::string signed_text(const canon::HeaderField& signature, const std::vector<canon::HeaderField>& fields) {
  const auto algorithm = canonicalization_of(signature)->header;
  const std::string written = signature_tag(signature, "h");
  std::vector<std::string> names;
  for (const auto name : canon::split_colons(written))
    names.emplace_back(name);
  std::string text;
  for (const std::size_t index : fields_for_verifier(fields, names))
    text += reference_field(algorithm, fields[index]);
  const std::string own = reference_field(algorithm, without_value_of_b(signature));
  return text + own.substr(0, own.size() - 2);
}

std::vector<unsigned char> signed_body_hash(const canon::HeaderField& signature, std::string_view body) {
  return sha256(reference_body(canonicalization_of(signature)->body, body));
}

std::string signature_fault(const canon::HeaderField& signature,
                            const std::vector<canon::HeaderField>& fields, std::string_view body,
                            const PublicKeys& public_keys) {
  const auto tags = canon::TagList::parse(signature.value);
  if (!tags) return "no list of tags: " + tags.refusal().reason;
  for (const auto name : {"v", "a", "d", "s", "h", "bh", "b"}) {
    if (!tags->find(name)) return fmt::format("there is no {}=", name);
  }
  const std::string algorithm = signature_tag(signature, "a");
  if (signature_tag(signature, "v") != "1") return "the version is not 1";
  if (algorithm != "rsa-sha256" && algorithm != "ed25519-sha256") return "a= is " + algorithm;
  if (!canonicalization_of(signature)) return "c= is not known";
  const auto key = public_keys.find({signature_tag(signature, "d"), signature_tag(signature, "s")});
  if (key == public_keys.end()) return "there is no such key";
  if (decoded(signature_tag(signature, "bh")) != signed_body_hash(signature, body))
    return "the body hash differs";
  const bool right =
      holds(algorithm, decoded(signature_tag(signature, "b")), signed_text(signature, fields), key->second);
  return right ? "" : "the signature does not hold";
}

}  // namespace dkim::test
