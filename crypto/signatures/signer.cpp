#include "crypto/signatures/signer.hpp"

#include "canon/header_canon.hpp"
#include "canon/header_selection.hpp"
#include "canon/tag_list_writer.hpp"
#include "crypto/base64.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view field_name = "DKIM-Signature";

// Writes the tags in their order, with the given value of b=. With an empty b=, this is what the signature
// covers; filling b= in adds bytes at the end and moves none.
std::string signature_value(canon::TagListWriter writer, std::string_view signature) {
  writer.base64("b", signature);
  return writer.str();
}

}  // namespace

Signer::Signer(const SigningSettings& settings, const canon::DomainName& domain,
               const std::vector<SigningKey>& keys)
    : settings_(settings), body_(settings.canonicalization.body) {
  add(domain, keys);
}

Signer::Signer(const SigningSettings& settings, const SigningIdentity& identity)
    : Signer(settings, identity.domain, identity.keys) {
  for (const auto& second : identity.second)
    add(second.domain, second.keys);
}

void Signer::add(const canon::DomainName& domain, const std::vector<SigningKey>& keys) {
  for (const auto& key : keys)
    signatures_.push_back({domain, key});
}

void Signer::body(std::string_view chunk) {
  body_.update(chunk, [this](std::string_view canonical) { body_hash_.update(canonical); });
}

std::vector<canon::HeaderField> Signer::sign(const std::vector<canon::HeaderField>& message, UtcTime now) {
  body_.finish([this](std::string_view canonical) { body_hash_.update(canonical); });
  const std::string body_hash = base64_encode(body_hash_.finish());

  const auto selection = canon::select_fields(message, settings_.fields);
  const auto algorithm = settings_.canonicalization.header;
  Sha256 common;
  std::string canonical;
  for (const std::size_t index : selection.fields)
    canonical += canon::canonical_field(algorithm, message[index]);
  common.update(canonical);

  std::vector<canon::HeaderField> signatures;
  for (const auto& [domain, key] : signatures_) {
    canon::TagListWriter writer(field_name.size() + 1);
    writer.word("v", "1");
    writer.word("a", signature_name(key.key->algorithm()));
    writer.word("c", to_string(settings_.canonicalization));
    writer.word("d", domain.str());
    writer.word("s", key.selector.str());
    const auto seconds = now.time_since_epoch();
    writer.word("t", std::to_string(seconds.count()));
    if (settings_.expiration.count() > 0)
      writer.word("x", std::to_string((seconds + settings_.expiration).count()));
    writer.colon_list("h", selection.names);
    writer.base64("bh", body_hash);

    canon::HeaderField field{std::string(field_name), signature_value(writer, "")};
    // The signature field itself comes last, with an empty b= and without its final CRLF (§3.7).
    std::string own = canon::canonical_field(algorithm, field);
    own.resize(own.size() - 2);
    Sha256 hash = common;
    hash.update(own);
    field.value = signature_value(writer, base64_encode(key.key->sign(hash.finish())));
    signatures.push_back(std::move(field));
  }
  return signatures;
}

}  // namespace dkim::crypto
