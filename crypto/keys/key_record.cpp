#include "crypto/keys/key_record.hpp"

#include <algorithm>
#include <optional>

#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::crypto {
namespace {

// Writes the qp-section of n= (RFC 6376 §2.10): everything that could have another meaning becomes =XX.
std::string quoted_printable(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != ';' && c != '=') {
      out += c;
    } else {
      out += '=';
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    }
  }
  return out;
}

// Reads a digit of a hex-octet, which has upper case only (RFC 6376 §2.11).
std::optional<unsigned> upper_hex_digit(char c) {
  return c >= 'a' ? std::nullopt : canon::hex_digit(c);
}

std::string from_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool may_begin_code = text[i] == '=' && i + 2 < text.size();
    const auto high = may_begin_code ? upper_hex_digit(text[i + 1]) : std::nullopt;
    const auto low = may_begin_code ? upper_hex_digit(text[i + 2]) : std::nullopt;
    if (high && low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool lists(std::string_view value, std::string_view wanted) {
  const auto parts = canon::split_colons(value);
  return std::find(parts.begin(), parts.end(), wanted) != parts.end();
}

// Returns the size of a DER length field, in bytes.
std::size_t der_length_size(std::size_t length) {
  if (length < 0x80) return 1;
  return length < 0x100 ? 2 : 3;
}

std::size_t der_size(std::size_t content) {
  return 1 + der_length_size(content) + content;
}

// Returns the size of the SubjectPublicKeyInfo of an RSA key with exponent 65537.
std::size_t rsa_public_key_size(int bits) {
  constexpr std::size_t exponent = 5;
  constexpr std::size_t algorithm_identifier = 15;
  // The top bit of the modulus is set, so its INTEGER begins with a zero byte.
  const std::size_t modulus = der_size(static_cast<std::size_t>(bits) / 8 + 1);
  return der_size(algorithm_identifier + der_size(1 + der_size(modulus + exponent)));
}

}  // namespace

KeyRecord make_record(const PrivateKey& key, const RecordFlags& flags) {
  return {key.algorithm(), key.public_key(), flags};
}

KeyRecord revoked_record(Algorithm algorithm, const RecordFlags& flags) {
  return {algorithm, {}, flags};
}

std::string write_record(const KeyRecord& record) {
  std::string out = "v=DKIM1; k=" + std::string(key_name(record.algorithm));
  if (!record.flags.hashes.empty()) out += "; h=" + record.flags.hashes;
  if (record.flags.email_only) out += "; s=email";
  if (record.flags.test || record.flags.strict) {
    out += "; t=";
    if (record.flags.test) out += "y";
    if (record.flags.test && record.flags.strict) out += ":";
    if (record.flags.strict) out += "s";
  }
  if (!record.flags.note.empty()) out += "; n=" + quoted_printable(record.flags.note);
  return out + "; p=" + base64_encode(record.public_key);
}

canon::Result<KeyRecord> parse_record(std::string_view value) {
  const auto list = canon::TagList::parse(value);
  if (!list) return list.refusal();

  KeyRecord record;
  bool has_key = false;
  bool first = true;
  for (const auto& tag : list->tags()) {
    const auto refuse = [&](std::string reason) { return canon::Refusal{std::move(reason), tag.byte}; };
    if (tag.name == "v") {
      if (!first) return refuse("v= is not the first tag");
      if (tag.value != "DKIM1") return refuse("v= is not DKIM1");
    } else if (tag.name == "k") {
      const auto algorithm = algorithm_from_key_name(tag.value);
      if (!algorithm) return refuse("a key type other than rsa and ed25519");
      record.algorithm = *algorithm;
    } else if (tag.name == "p") {
      auto bytes = base64_decode(canon::without_fws(tag.value));
      if (!bytes) return refuse("p= is not base64");
      record.public_key = *std::move(bytes);
      has_key = true;
    } else if (tag.name == "s") {
      if (!lists(tag.value, "*") && !lists(tag.value, "email")) return refuse("a key that is not for e-mail");
      record.flags.email_only = !lists(tag.value, "*");
    } else if (tag.name == "t") {
      record.flags.test = lists(tag.value, "y");
      record.flags.strict = lists(tag.value, "s");
    } else if (tag.name == "h") {
      record.flags.hashes = canon::without_fws(tag.value);
    } else if (tag.name == "n") {
      record.flags.note = from_quoted_printable(tag.value);
    }
    first = false;  // unknown tags are ignored (§3.2)
  }
  if (!has_key) return canon::Refusal{"no p= tag", value.size()};
  return record;
}

std::string record_label(const canon::Selector& selector) {
  return selector.str() + "._domainkey";
}

std::string record_name(const canon::Selector& selector, const canon::DomainName& domain) {
  return record_label(selector) + "." + domain.str();
}

NamedRecord named_record(const canon::Selector& selector, const canon::DomainName& domain,
                         const KeyRecord& record) {
  return {record_name(selector, domain), default_ttl, write_record(record)};
}

int largest_rsa_bits(const RecordFlags& flags, std::size_t limit) {
  const std::size_t without_key = write_record(revoked_record(Algorithm::rsa, flags)).size();
  for (int bits = max_rsa_bits; bits >= min_rsa_bits; bits -= 8) {
    const std::size_t key = (rsa_public_key_size(bits) + 2) / 3 * 4;
    if (without_key + key <= limit) return bits;
  }
  return 0;
}

}  // namespace dkim::crypto
