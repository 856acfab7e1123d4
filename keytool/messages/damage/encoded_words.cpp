#include "keytool/messages/damage/encoded_words.hpp"

#include <optional>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "keytool/messages/damage/quoted_printable.hpp"

namespace dkim::keytool {
namespace {

// A decoded =?charset?encoding?text?=.
struct Word {
  std::string bytes;
  std::size_t size;  // of the encoded form
};

std::optional<Word> word_at_front(std::string_view value) {
  if (!value.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = value.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= value.size() ||
      value[charset_end + 2] != '?')
    return std::nullopt;
  const std::size_t begin = charset_end + 3;
  const std::size_t end = value.find("?=", begin);
  // §2 allows 75 octets. The limit also keeps the search for the end short.
  if (end == std::string_view::npos || end > 300) return std::nullopt;
  const std::string_view text = value.substr(begin, end - begin);
  switch (canon::to_lower(value[charset_end + 1])) {
    case 'b': {
      const auto bytes = crypto::base64_decode(text);
      if (!bytes) return std::nullopt;
      return Word{{bytes->begin(), bytes->end()}, end + 2};
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
    if (const auto word = word_at_front(value.substr(0, 400))) {
      if (after_word != std::string::npos) out.resize(after_word);
      out += word->bytes;
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
