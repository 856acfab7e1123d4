#include "keytool/lexicon/written_forms.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <string_view>

#include "crypto/base64.hpp"

namespace dkim::keytool {
namespace {

using crypto::Secret;

constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

enum class Space { as_percent, as_plus };

// kept: what is not escaped beside letters, digits and -._~ (RFC 3986 §2.3).
Secret percent_encoded(const Secret& secret, std::string_view kept, std::string_view digits, Space space) {
  Secret out;
  for (const char byte : secret) {
    if (byte == ' ' && space == Space::as_plus) {
      out.push_back('+');
    } else if (unreserved.find(byte) != std::string_view::npos || kept.find(byte) != std::string_view::npos) {
      out.push_back(byte);
    } else {
      const auto value = static_cast<unsigned char>(byte);
      out.push_back('%');
      out.push_back(digits[value >> 4]);
      out.push_back(digits[value & 15]);
    }
  }
  return out;
}

// A backslash before each of these.
Secret with_backslashes(const Secret& secret, std::string_view before) {
  Secret out;
  for (const char byte : secret) {
    if (before.find(byte) != std::string_view::npos) out.push_back('\\');
    out.push_back(byte);
  }
  return out;
}

// JSON also allows a backslash before /, which PHP writes.
Secret in_json(const Secret& secret, std::string_view slash) {
  Secret out;
  for (const char byte : secret) {
    if (byte == '"' || byte == '\\') out.push_back('\\');
    if (byte == '/') {
      out.insert(out.end(), slash.begin(), slash.end());
    } else {
      out.push_back(byte);
    }
  }
  return out;
}

// Bytes beyond ASCII as Python writes them: b'\xc3\xa4'.
Secret with_hexadecimal(const Secret& secret, std::string_view digits) {
  Secret out;
  for (const char byte : secret) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80) {
      out.push_back(byte);
      continue;
    }
    for (const char c : {'\\', 'x', digits[value >> 4], digits[value & 15]})
      out.push_back(c);
  }
  return out;
}

void add_code_unit(Secret& out, unsigned unit, std::string_view digits) {
  for (const char c :
       {'\\', 'u', digits[unit >> 12], digits[(unit >> 8) & 15], digits[(unit >> 4) & 15], digits[unit & 15]})
    out.push_back(c);
}

// Characters beyond ASCII as JSON writes them, in UTF-16: \u00e4. What is not UTF-8 stays.
Secret with_code_units(const Secret& secret, std::string_view digits) {
  Secret out;
  for (std::size_t i = 0; i < secret.size();) {
    const auto first = static_cast<unsigned char>(secret[i]);
    const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    if (more == 0 || i + more >= secret.size()) {
      out.push_back(secret[i++]);
      continue;
    }
    unsigned character = first & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k)
      character = character << 6 | (static_cast<unsigned char>(secret[i + k]) & 0x3fU);
    i += more + 1;
    if (character < 0x10000) {
      add_code_unit(out, character, digits);
    } else {
      character -= 0x10000;
      add_code_unit(out, 0xd800 | (character >> 10 & 0x3ffU), digits);
      add_code_unit(out, 0xdc00 | (character & 0x3ffU), digits);
    }
  }
  return out;
}

// HTML and XML. quotes: for " and '; nothing where these stay.
Secret with_entities(const Secret& secret, std::string_view double_quote, std::string_view single_quote) {
  Secret out;
  const auto add = [&](std::string_view text) { out.insert(out.end(), text.begin(), text.end()); };
  for (const char byte : secret) {
    switch (byte) {
      case '&':
        add("&amp;");
        break;
      case '<':
        add("&lt;");
        break;
      case '>':
        add("&gt;");
        break;
      case '"':
        add(double_quote);
        break;
      case '\'':
        add(single_quote);
        break;
      default:
        out.push_back(byte);
    }
  }
  return out;
}

// Fewer characters may be anything.
constexpr std::size_t shortest_base64 = 4;

// Adds the secret in base64: alone, and the characters that it alone decides where up to two bytes of
// something else stand before it, such as "user:". In URLs, two digits are others (RFC 4648 §5).
void add_base64(std::vector<Secret>& forms, const Secret& secret) {
  const auto add = [&](std::string_view text) {
    if (text.size() < shortest_base64) return;
    forms.emplace_back(text.begin(), text.end());
    auto& for_urls = forms.emplace_back(text.begin(), text.end());
    std::replace(for_urls.begin(), for_urls.end(), '+', '-');
    std::replace(for_urls.begin(), for_urls.end(), '/', '_');
  };
  for (std::size_t before = 0; before < 3; ++before) {
    std::vector<unsigned char> bytes(before, 0);
    bytes.insert(bytes.end(), secret.begin(), secret.end());
    std::string text = crypto::base64_encode(bytes);
    while (!text.empty() && text.back() == '=')
      text.pop_back();
    // Of its first characters, some bits are of what stands before; of the last one, of what follows.
    const std::size_t mixed = before == 0 ? 0 : before + 1;
    const std::size_t end = text.size() - (bytes.size() % 3 == 0 ? 0 : 1);
    if (before == 0) add(text);
    if (mixed < end) add(std::string_view(text).substr(mixed, end - mixed));
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(text.data(), text.size());
  }
}

}  // namespace

std::vector<Secret> written_forms(const std::vector<Secret>& secrets) {
  constexpr std::string_view upper = "0123456789ABCDEF";
  constexpr std::string_view lower = "0123456789abcdef";
  std::vector<Secret> forms;
  for (const auto& secret : secrets) {
    forms.push_back(secret);
    for (const auto digits : {upper, lower}) {
      forms.push_back(percent_encoded(secret, "", digits, Space::as_percent));
      forms.push_back(percent_encoded(secret, "/", digits, Space::as_percent));
      forms.push_back(percent_encoded(secret, "", digits, Space::as_plus));
      // What a URL library leaves alone in a query: the sub-delimiters and ":@/?" (RFC 3986 §3.4).
      forms.push_back(percent_encoded(secret, "!$&'()*+,;=:@/?", digits, Space::as_percent));
    }
    forms.push_back(with_backslashes(secret, "\\"));
    forms.push_back(with_backslashes(secret, "\\\""));
    forms.push_back(with_backslashes(secret, "\\'"));
    for (const std::string_view slash : {"/", "\\/"}) {
      const auto json = in_json(secret, slash);
      forms.push_back(json);
      for (const auto digits : {upper, lower})
        forms.push_back(with_code_units(json, digits));
    }
    for (const auto digits : {upper, lower}) {
      forms.push_back(with_hexadecimal(with_backslashes(secret, "\\"), digits));
      forms.push_back(with_hexadecimal(with_backslashes(secret, "\\'"), digits));
    }
    forms.push_back(with_entities(secret, "\"", "'"));
    for (const std::string_view single_quote : {"'", "&#39;", "&#x27;", "&#039;", "&apos;"})
      forms.push_back(with_entities(secret, "&quot;", single_quote));
    add_base64(forms, secret);
  }
  std::sort(forms.begin(), forms.end(),
            [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  return forms;
}

}  // namespace dkim::keytool
