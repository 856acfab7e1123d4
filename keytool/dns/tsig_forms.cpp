#include "keytool/dns/tsig_forms.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "crypto/error.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyFileError;

constexpr std::string_view no_form =
    "neither a key of BIND (key \"name\" {...};), Knot, NSD, PowerDNS or ldns, nor algorithm:name:secret";

// How one form divides a text into words. A quoted text is a word without its quotes.
struct Grammar {
  std::string_view separators;   // beside white space
  std::string_view punctuation;  // each is a word of its own
  std::string_view quotes;
  std::string_view comments;  // each of these characters begins one that goes to the end of the line
  bool has_c_comments = false;
};
constexpr Grammar bind_grammar{"", "{};", "\"", "#", true};
// Brackets and commas belong to YAML's flow style.
constexpr Grammar yaml_grammar{"[]{},", "", "\"'", "#"};
constexpr Grammar line_grammar{"", "", "", "#;"};

class Words {
 public:
  Words(std::string_view text, const Grammar& grammar) : text_(text), grammar_(grammar) {}

  // Returns the next word; empty at the end.
  std::string_view next() {
    skip_blank();
    if (text_.empty()) return {};
    const char first = text_.front();
    if (grammar_.quotes.find(first) != std::string_view::npos) {
      const auto length = std::min(text_.find(first, 1), text_.size());
      return take(text_.substr(1, length - 1), length + 1);
    }
    std::size_t length = 1;
    if (grammar_.punctuation.find(first) == std::string_view::npos) {
      while (length < text_.size() && !ends_word(text_[length]))
        ++length;
    }
    return take(text_.substr(0, length), length);
  }

 private:
  std::string_view take(std::string_view word, std::size_t length) {
    text_.remove_prefix(std::min(length, text_.size()));
    return word;
  }

  bool is_blank(char c) const {
    return canon::is_fws(c) || grammar_.separators.find(c) != std::string_view::npos;
  }
  bool ends_word(char c) const {
    return is_blank(c) || grammar_.punctuation.find(c) != std::string_view::npos ||
           (!grammar_.punctuation.empty() && grammar_.quotes.find(c) != std::string_view::npos);
  }

  void skip_blank() {
    while (!text_.empty()) {
      if (is_blank(text_.front())) {
        text_.remove_prefix(1);
      } else if (grammar_.comments.find(text_.front()) != std::string_view::npos ||
                 (grammar_.has_c_comments && text_.starts_with("//"))) {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else if (grammar_.has_c_comments && text_.starts_with("/*")) {
        const auto end = text_.find("*/", 2);
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  const Grammar& grammar_;
};

std::vector<std::string_view> all_words(std::string_view text, const Grammar& grammar) {
  Words words(text, grammar);
  std::vector<std::string_view> all;
  for (auto word = words.next(); !word.empty(); word = words.next())
    all.push_back(word);
  return all;
}

// Translates the servers' spelling to ldns's. MD5 is broken, and none of them writes it any more.
std::optional<std::string> known_algorithm(std::string_view name) {
  std::string lower = canon::lower_case(name);
  if (lower.ends_with('.')) lower.pop_back();
  for (const std::string_view known :
       {"hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"}) {
    if (lower == known) return lower + ".";
  }
  return std::nullopt;
}

// ldns knows five algorithms by their names, and signs with three.
std::string ldns_algorithm(std::string_view name) {
  const auto known = known_algorithm(name);
  if (!known) throw KeyFileError("an algorithm other than hmac-sha1, hmac-sha256 and hmac-sha512");
  if (*known == "hmac-sha224." || *known == "hmac-sha384.") {
    throw KeyFileError(fmt::format(
        "the algorithm {}, with which dkimkey cannot sign: make a key with hmac-sha256 or hmac-sha512",
        known->substr(0, known->size() - 1)));
  }
  return *known;
}

// The numbers of KEY records. BIND and ldns do not agree on the numbers of two of them, and use no number for
// different ones.
std::string algorithm_of_number(std::string_view number) {
  if (number == "158" || number == "161") return ldns_algorithm("hmac-sha1");
  if (number == "162") return ldns_algorithm("hmac-sha224");
  if (number == "159" || number == "163") return ldns_algorithm("hmac-sha256");
  if (number == "164") return ldns_algorithm("hmac-sha384");
  if (number == "165") return ldns_algorithm("hmac-sha512");
  return ldns_algorithm({});
}

std::string key_name(std::string_view text) {
  const auto name = canon::DomainName::parse(text);
  if (!name) throw KeyFileError("a key name that is not a domain name");
  return name->str() + ".";
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

void set_secret(TsigKey& key, std::string_view text) {
  if (!is_secret(text)) throw KeyFileError("a secret that is not base64");
  key.secret.assign(text.begin(), text.end());
}

TsigKey checked(TsigKey key) {
  if (key.name.empty()) throw KeyFileError("a key without a name");
  if (key.algorithm.empty() || key.secret.empty()) throw KeyFileError("a key without algorithm or secret");
  key.secret.push_back('\0');
  return key;
}

TsigKey key_of_bind(std::string_view text) {
  Words words(text, bind_grammar);
  words.next();  // "key"
  TsigKey key;
  key.name = key_name(words.next());
  if (words.next() != "{") throw KeyFileError("no { after the key's name");
  for (auto word = words.next(); word != "}"; word = words.next()) {
    if (word.empty()) throw KeyFileError("a key without its closing }");
    if (word == ";") continue;
    const auto value = words.next();
    if (word == "algorithm") key.algorithm = ldns_algorithm(value);
    if (word == "secret") set_secret(key, value);
  }
  return checked(std::move(key));
}

// Knot's and NSD's configurations differ in the name's word alone. Other sections may come before the key.
TsigKey key_of_section(std::string_view text) {
  Words words(text, yaml_grammar);
  TsigKey key;
  bool in_section = false;
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    if (word == "key:") in_section = true;
    if (!in_section) continue;
    if (word == "id:" || word == "name:") {
      if (!key.name.empty()) break;
      key.name = key_name(words.next());
    } else if (word == "algorithm:") {
      key.algorithm = ldns_algorithm(words.next());
    } else if (word == "secret:") {
      set_secret(key, words.next());
    }
    if (!key.name.empty() && !key.algorithm.empty() && !key.secret.empty()) break;
  }
  return checked(std::move(key));
}

TsigKey key_with_colons(std::string_view word) {
  const auto first = word.find(':');
  const auto last = word.rfind(':');
  if (first == last) throw KeyFileError("a key without its algorithm: algorithm:name:secret");
  const auto begin = word.substr(0, first);
  const auto middle = word.substr(first + 1, last - first - 1);
  const auto end = word.substr(last + 1);
  TsigKey key;
  if (const auto algorithm = known_algorithm(end); algorithm && !known_algorithm(begin)) {
    key.name = key_name(begin);
    key.algorithm = *algorithm;
    set_secret(key, middle);
  } else {
    key.algorithm = ldns_algorithm(begin);
    key.name = key_name(middle);
    set_secret(key, end);
  }
  return checked(std::move(key));
}

// NAME [TTL] [IN] KEY FLAGS PROTOCOL ALGORITHM SECRET..., of which old versions of BIND make several words.
TsigKey key_of_record(const std::vector<std::string_view>& words, std::size_t at) {
  TsigKey key;
  key.name = key_name(words.front());
  if (words.size() < at + 5) throw KeyFileError("a KEY record that is not complete");
  key.algorithm = algorithm_of_number(words[at + 3]);
  crypto::Secret secret;
  // Once, so that no half-grown copy is left behind.
  std::size_t size = 0;
  for (auto i = at + 4; i < words.size(); ++i)
    size += words[i].size();
  secret.reserve(size);
  for (auto i = at + 4; i < words.size(); ++i)
    secret.insert(secret.end(), words[i].begin(), words[i].end());
  set_secret(key, crypto::view(secret));
  return checked(std::move(key));
}

std::string_view name_of_private_file(std::string_view file_name) {
  const auto plus = file_name.find('+');
  if (!file_name.starts_with('K') || plus == std::string_view::npos)
    throw KeyFileError(
        "no name of the key, which is in the name of such a file alone: K<NAME>+<ALGORITHM>+<ID>.private");
  return file_name.substr(1, plus - 1);
}

TsigKey key_of_private_file(const std::vector<std::string_view>& words, std::string_view file_name) {
  TsigKey key;
  key.name = key_name(name_of_private_file(file_name));
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "Algorithm:") key.algorithm = algorithm_of_number(words[i + 1]);
    if (words[i] == "Key:") set_secret(key, words[i + 1]);
  }
  return checked(std::move(key));
}

// Forms that are one line, after comments.
TsigKey key_of_line(const std::vector<std::string_view>& words) {
  if (words.size() == 1 && words[0].find(':') != std::string_view::npos) return key_with_colons(words[0]);
  for (std::size_t i = 1; i < words.size() && i < 4; ++i) {
    if (words[i] == "KEY") return key_of_record(words, i);
  }
  // pdnsutil says "Create new TSIG key" before the words that it lists later.
  const std::size_t count = words.size();
  if (count != 3 && !(count == 7 && words[2] == "TSIG")) throw KeyFileError(std::string(no_form));
  TsigKey key;
  key.name = key_name(words[count - 3]);
  key.algorithm = ldns_algorithm(words[count - 2]);
  set_secret(key, words[count - 1]);
  return checked(std::move(key));
}

}  // namespace

TsigKey parse_tsig_key(std::string_view text, std::string_view file_name) {
  if (Words(text, bind_grammar).next() == "key") return key_of_bind(text);
  const auto words = all_words(text, line_grammar);
  if (!words.empty() && words.front() == "Private-key-format:") return key_of_private_file(words, file_name);
  const auto in_sections = all_words(text, yaml_grammar);
  if (std::find(in_sections.begin(), in_sections.end(), "key:") != in_sections.end())
    return key_of_section(text);
  return key_of_line(words);
}

}  // namespace dkim::keytool
