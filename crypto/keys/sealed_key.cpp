#include "crypto/keys/sealed_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <optional>
#include <span>
#include <string>

#include "crypto/openssl.hpp"

namespace dkim::crypto {
namespace {

constexpr unsigned char version = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t head_bytes = 1 + nonce_bytes;
constexpr std::size_t around_key = head_bytes + tag_bytes;

using Bytes = std::vector<unsigned char>;

unsigned char* bytes_of(Secret& secret) {
  return reinterpret_cast<unsigned char*>(secret.data());
}
const unsigned char* bytes_of(const Secret& secret) {
  return reinterpret_cast<const unsigned char*>(secret.data());
}

const EVP_CIPHER* aes_256_gcm() {
  static const EvpCipherPtr cipher(
      check_openssl(EvpCipherPtr(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)), "no AES-256-GCM"));
  return cipher.get();
}

void add_field(Bytes& out, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  for (const int shift : {24, 16, 8, 0})
    out.push_back(static_cast<unsigned char>(length >> shift));
  out.insert(out.end(), text.begin(), text.end());
}

Bytes additional_data(const SealedPlace& place, int sealing_key) {
  Bytes data{version};
  add_field(data, place.domain.str());
  add_field(data, place.id.selector.str());
  add_field(data, std::to_string(place.id.use));
  add_field(data, key_name(place.algorithm));
  add_field(data, std::to_string(sealing_key));
  return data;
}

enum class Direction { open, seal };

// Returns a context that has taken the additional data. The nonce has 12 bytes, as GCM has it by default.
EvpCipherCtxPtr begin(Direction direction, const SealingKey& key, const unsigned char* nonce,
                      const Bytes& additional) {
  if (key.bytes.size() != sealing_key_bytes) throw OpenSslError("a sealing key must have 32 bytes");
  auto context = check_openssl(EvpCipherCtxPtr(EVP_CIPHER_CTX_new()), "no memory to seal a key");
  check_openssl(EVP_CipherInit_ex2(context.get(), aes_256_gcm(), bytes_of(key.bytes), nonce,
                                   direction == Direction::seal ? 1 : 0, nullptr),
                "cannot start AES-256-GCM");
  int length = 0;
  check_openssl(EVP_CipherUpdate(context.get(), nullptr, &length, additional.data(),
                                 static_cast<int>(additional.size())),
                "cannot add data to AES-256-GCM");
  return context;
}

// Returns nothing if the tag does not fit.
std::optional<Secret> decrypt(std::span<const unsigned char> sealed, const SealingKey& key,
                              const Bytes& additional) {
  const auto context = begin(Direction::open, key, sealed.data() + 1, additional);
  const auto text = sealed.subspan(head_bytes, sealed.size() - around_key);
  Bytes tag(sealed.end() - tag_bytes, sealed.end());
  Secret der(text.size());
  int length = 0;
  int rest = 0;
  check_openssl(
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()),
      "cannot set the tag of AES-256-GCM");
  check_openssl(
      EVP_DecryptUpdate(context.get(), bytes_of(der), &length, text.data(), static_cast<int>(text.size())),
      "cannot open a sealed key");
  const bool fits = EVP_DecryptFinal_ex(context.get(), bytes_of(der) + length, &rest) == 1;
  ERR_clear_error();
  if (!fits) return std::nullopt;
  return der;
}

[[noreturn]] void refuse(SealError::Kind kind, const SealedPlace& place, std::string_view why) {
  const auto use = place.id.use == 1 ? "" : fmt::format("+{}", place.id.use);
  throw SealError(kind, fmt::format("the sealed key {}{} of {} cannot be opened: {}", place.id.selector.str(),
                                    use, place.domain.str(), why));
}

constexpr std::string_view how_to_correct =
    "restore the row from a backup of the database, or, on a machine whose copy still has the key, bring the "
    "domain "
    "into the database again with: dkimkey fleet push --replace DOMAIN";

}  // namespace

SealedKey seal(const PrivateKey& key, const SealedPlace& place, const SealingKey& with) {
  if (key.algorithm() != place.algorithm)
    throw KeyFileError(fmt::format("a key of the kind {} is not sealed as {}", key_name(key.algorithm()),
                                   key_name(place.algorithm)));
  const Secret der = key.to_der();
  if (der.size() + around_key > most_sealed_bytes)
    throw KeyFileError(fmt::format("a private key of {} bytes, which is too long to be sealed", der.size()));

  SealedKey out{with.number, Bytes(der.size() + around_key)};
  out.sealed.front() = version;
  unsigned char* const nonce = out.sealed.data() + 1;
  check_openssl(RAND_bytes(nonce, static_cast<int>(nonce_bytes)), "cannot make a random nonce");
  const auto context = begin(Direction::seal, with, nonce, additional_data(place, with.number));
  unsigned char* const text = out.sealed.data() + head_bytes;
  int length = 0;
  int rest = 0;
  check_openssl(EVP_EncryptUpdate(context.get(), text, &length, bytes_of(der), static_cast<int>(der.size())),
                "cannot seal a key");
  check_openssl(EVP_EncryptFinal_ex(context.get(), text + length, &rest), "cannot seal a key");
  check_openssl(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes),
                                    text + der.size()),
                "cannot get the tag of AES-256-GCM");
  return out;
}

PrivateKey unseal(const SealedKey& sealed, const SealedPlace& place, const SealingKeys& keys,
                  std::string_view fingerprint) {
  const int number = sealed.sealing_key;
  if (fingerprint.empty())
    refuse(SealError::Kind::damaged, place,
           fmt::format("its row names the sealing key {}, which this fleet does not have; {}", number,
                       how_to_correct));
  const auto* const key = keys.find(number);
  if (key == nullptr)
    refuse(
        SealError::Kind::lost, place,
        fmt::format(
            "this machine's sealing key file has no key {}; copy the file from another machine of the fleet",
            number));
  if (key->fingerprint() != fingerprint)
    refuse(
        SealError::Kind::wrong, place,
        fmt::format(
            "the key {} in this machine's sealing key file is not the fleet's (its fingerprint is {}); copy "
            "the file from another machine of the fleet",
            number, key->fingerprint()));
  const auto& bytes = sealed.sealed;
  if (bytes.size() <= around_key || bytes.size() > most_sealed_bytes)
    refuse(SealError::Kind::damaged, place,
           fmt::format("its row has {} bytes, which no sealed key has; {}", bytes.size(), how_to_correct));
  if (bytes.front() != version)
    refuse(SealError::Kind::damaged, place,
           fmt::format("its row has the format {}, and this dkimkey knows {} alone; update dkimkey, or {}",
                       bytes.front(), version, how_to_correct));
  const auto der = decrypt(bytes, *key, additional_data(place, number));
  if (!der)
    refuse(SealError::Kind::damaged, place,
           fmt::format("its row was altered, or belongs to another domain, selector or algorithm; {}",
                       how_to_correct));
  try {
    auto opened = PrivateKey::from_der(*der);
    if (opened.algorithm() == place.algorithm) return opened;
  } catch (const KeyFileError& error) {
    refuse(SealError::Kind::damaged, place, fmt::format("it is {}; {}", error.what(), how_to_correct));
  }
  refuse(SealError::Kind::damaged, place,
         fmt::format("it is a key of another algorithm; {}", how_to_correct));
}

}  // namespace dkim::crypto
