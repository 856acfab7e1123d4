#include "keytool/dns/tsig_key.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t largest_file = 16 << 10;

// Splits text into the words of BIND's grammar: punctuation, quoted strings, bare words. Skips comments of
// all three kinds.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // Returns the next word; empty at the end.
  std::string_view next() {
    skip_blank();
    if (text_.empty()) return {};
    std::size_t length = 1;
    if (text_.front() == '"') {
      length = std::min(text_.find('"', 1), text_.size());
      const auto word = text_.substr(1, length - 1);
      text_.remove_prefix(std::min(length + 1, text_.size()));
      return word;
    }
    constexpr std::string_view punctuation = "{};";
    if (punctuation.find(text_.front()) == std::string_view::npos) {
      length = std::min(text_.find_first_of("{};\" \t\r\n"), text_.size());
    }
    const auto word = text_.substr(0, length);
    text_.remove_prefix(length);
    return word;
  }

 private:
  void skip_blank() {
    while (!text_.empty()) {
      if (canon::is_fws(text_.front())) {
        text_.remove_prefix(1);
      } else if (text_.starts_with('#') || text_.starts_with("//")) {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else if (text_.starts_with("/*")) {
        const auto end = text_.find("*/", 2);
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view text_;
};

// Translates BIND's spelling to ldns's. MD5 is broken, and neither writes it any more.
std::string ldns_algorithm(std::string_view name) {
  std::string lower = canon::lower_case(name);
  if (lower.ends_with('.')) lower.pop_back();
  for (const std::string_view known :
       {"hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"}) {
    if (lower == known) return lower + ".";
  }
  throw crypto::KeyFileError("an algorithm other than hmac-sha1, -sha224, -sha256, -sha384 and -sha512");
}

// ldns, like BIND, takes none with bits left over in its last digit: the update could then not be signed.
bool is_secret(std::string_view text) {
  auto bytes = crypto::base64_decode(text);
  if (!bytes) return false;
  auto encoded = crypto::base64_encode(*bytes);
  const bool good = !bytes->empty() && encoded == text;
  OPENSSL_cleanse(bytes->data(), bytes->size());
  OPENSSL_cleanse(encoded.data(), encoded.size());
  return good;
}

TsigKey parse_key(std::string_view text) {
  Words words(text);
  if (words.next() != "key") throw crypto::KeyFileError("no line of the form: key \"name\" { ... };");
  const auto name = canon::DomainName::parse(words.next());
  if (!name) throw crypto::KeyFileError("a key name that is not a domain name");
  if (words.next() != "{") throw crypto::KeyFileError("no { after the key's name");
  TsigKey key;
  key.name = name->str() + ".";
  for (auto word = words.next(); word != "}"; word = words.next()) {
    if (word.empty()) throw crypto::KeyFileError("a key without its closing }");
    if (word == ";") continue;
    const auto value = words.next();
    if (word == "algorithm") key.algorithm = ldns_algorithm(value);
    if (word == "secret") {
      if (!is_secret(value)) throw crypto::KeyFileError("a secret that is not base64");
      key.secret.assign(value.begin(), value.end());
    }
  }
  if (key.algorithm.empty() || key.secret.empty())
    throw crypto::KeyFileError("a key without algorithm or secret");
  key.secret.push_back('\0');
  return key;
}

crypto::Secret read_secret_file(const std::filesystem::path& path) {
  try {
    const auto file = crypto::open_trusted_file(path, 0, crypto::TrustedAs::shared_secret);
    if (!file) throw crypto::KeyFileError(fmt::format("the TSIG key file {} does not exist", path.string()));
    return crypto::read_all(*file, path, largest_file);
  } catch (const crypto::StoreError& error) {
    throw crypto::KeyFileError(fmt::format("the TSIG key file is not used: {}", error.what()));
  }
}

}  // namespace

TsigKey read_tsig_key(const std::filesystem::path& path) {
  const auto text = read_secret_file(path);
  try {
    return parse_key(crypto::view(text));
  } catch (const crypto::KeyFileError& error) {
    throw crypto::KeyFileError(fmt::format("the TSIG key file {} has {}", path.string(), error.what()));
  }
}

}  // namespace dkim::keytool
