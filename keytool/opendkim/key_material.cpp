#include "keytool/opendkim/key_material.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "crypto/error.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_base64(const crypto::Secret& content) {
  return std::all_of(content.begin(), content.end(), [](char c) {
    return canon::is_alnum(c) || c == '+' || c == '/' || c == '=' || canon::is_fws(c);
  });
}

// rspamd keeps an Ed25519 key as its seed, with or without the public key after it. In PKCS#8 a seed follows
// these bytes (RFC 8410 §7).
constexpr std::array<unsigned char, 16> ed25519_header{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
constexpr std::size_t seed_size = 32;

// Converts the base64 of a seed to the base64 of PKCS#8; returns anything else unchanged.
crypto::Secret with_ed25519_header(const crypto::Secret& base64) {
  std::string text = canon::without_fws(crypto::view(base64));
  auto bytes = crypto::base64_decode(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!bytes) return base64;
  crypto::Secret out = base64;
  if (bytes->size() == seed_size || bytes->size() == 2 * seed_size) {
    std::vector<unsigned char> der;
    der.reserve(ed25519_header.size() + seed_size);
    der.assign(ed25519_header.begin(), ed25519_header.end());
    der.insert(der.end(), bytes->begin(), bytes->begin() + seed_size);
    std::string encoded = crypto::base64_encode(der);
    out.assign(encoded.begin(), encoded.end());
    OPENSSL_cleanse(der.data(), der.size());
    OPENSSL_cleanse(encoded.data(), encoded.size());
  }
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return out;
}

// Puts PEM's lines around the base64. OpenSSL expects each form of DER under its own label.
crypto::Secret with_pem_lines(const crypto::Secret& base64, std::string_view label) {
  constexpr std::size_t line_length = 64;
  crypto::Secret pem;
  // Once, so that no half-grown copy is left behind.
  pem.reserve(base64.size() * 2 + 2 * label.size() + 64);
  const auto add = [&](std::string_view text) {
    std::copy(text.begin(), text.end(), std::back_inserter(pem));
  };
  add("-----BEGIN ");
  add(label);
  add("-----");
  std::size_t column = 0;
  for (const char c : base64) {
    if (canon::is_fws(c)) continue;
    if (column++ % line_length == 0) pem.push_back('\n');
    pem.push_back(c);
  }
  add("\n-----END ");
  add(label);
  add("-----\n");
  return pem;
}

// Removes what editors and configuration files add to PEM and OpenSSL rejects: a byte order mark, and blanks
// in front of lines.
crypto::Secret plain_pem(const crypto::Secret& content) {
  auto text = crypto::view(content);
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  crypto::Secret pem;
  pem.reserve(text.size());
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == ' ' || c == '\t')) continue;
    at_line_start = c == '\n';
    pem.push_back(c);
  }
  return pem;
}

}  // namespace

crypto::PrivateKey read_key_material(const crypto::Secret& content) {
  if (crypto::view(content).find(pem_begin) != std::string_view::npos)
    return crypto::PrivateKey::from_pem(plain_pem(content));
  if (content.empty() || !is_base64(content))
    throw crypto::KeyFileError("neither a private key in PEM nor one in base64");
  const auto base64 = with_ed25519_header(content);
  try {
    return crypto::PrivateKey::from_pem(with_pem_lines(base64, "PRIVATE KEY"));
  } catch (const crypto::KeyFileError&) {
    return crypto::PrivateKey::from_pem(with_pem_lines(base64, "RSA PRIVATE KEY"));
  }
}

bool is_key_material(std::string_view text) {
  constexpr std::size_t largest_key = 64 << 10;
  // Damaged keys, and several in one text, count as well.
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return true;
  if (text.size() > largest_key) return false;
  try {
    read_key_material({text.begin(), text.end()});
    return true;
  } catch (const crypto::KeyFileError&) {
    return false;
  }
}

}  // namespace dkim::keytool::opendkim
