#include "keytool/messages/damage/encoded_words.hpp"

#include <optional>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "keytool/messages/damage/quoted_printable.hpp"

namespace dkim::keytool {
namespace {

// The octets of =?charset?encoding?text?= at the front of value, and how much of it that is.
struct Word {
  std::string octets;
  std::size_t size;
};

std::optional<Word> word_at(std::string_view value) {
  if (!value.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = value.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= value.size() ||
      value[charset_end + 2] != '?')
    return std::nullopt;
  const std::size_t begin = charset_end + 3;
  const std::size_t end = value.find("?=", begin);
  // §2: 75 octets at most. This also keeps the search for the end short.
  if (end == std::string_view::npos || end > 300) return std::nullopt;
  const std::string_view text = value.substr(begin, end - begin);
  switch (canon::to_lower(value[charset_end + 1])) {
    case 'b': {
      const auto octets = crypto::base64_decode(text);
      if (!octets) return std::nullopt;
      return Word{{octets->begin(), octets->end()}, end + 2};
    }
    case 'q': {
      std::string spaced(text);
      for (char& c : spaced) {
        if (c == '_') c = ' ';
      }
      return Word{decode_quoted_printable(spaced), end + 2};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string decode_encoded_words(std::string_view value) {
  std::string out;
  std::size_t after_word = std::string::npos;  // where the last word ended, if only white space followed
  while (!value.empty()) {
    if (const auto word = word_at(value.substr(0, 400))) {
      if (after_word != std::string::npos) out.resize(after_word);
      out += word->octets;
      after_word = out.size();
      value.remove_prefix(word->size);
      continue;
    }
    if (!canon::is_fws(value.front())) after_word = std::string::npos;
    out += value.front();
    value.remove_prefix(1);
  }
  return out;
}

}  // namespace dkim::keytool
