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

Secret in_base64(const Secret& secret) {
  std::vector<unsigned char> bytes(secret.begin(), secret.end());
  std::string text = crypto::base64_encode(bytes);
  // Its end depends on what follows, and may be left out.
  while (!text.empty() && text.back() == '=')
    text.pop_back();
  Secret out(text.begin(), text.end());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  OPENSSL_cleanse(text.data(), text.size());
  return out;
}

Secret pair_of(const Secret& user, const Secret& password) {
  Secret pair = user;
  pair.push_back(':');
  pair.insert(pair.end(), password.begin(), password.end());
  return pair;
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
    forms.push_back(in_base64(secret));
    for (const auto& other : secrets)
      forms.push_back(in_base64(pair_of(secret, other)));
  }
  std::sort(forms.begin(), forms.end(),
            [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  return forms;
}

}  // namespace dkim::keytool
