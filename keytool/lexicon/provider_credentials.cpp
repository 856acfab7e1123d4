#include "keytool/lexicon/provider_credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"
#include "keytool/lexicon/written_forms.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t largest_file = 64 << 10;
constexpr std::size_t most_variables = 64;
constexpr std::size_t shortest_secret = 4;
constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view name_bytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_abcdefghijklmnopqrstuvwxyz";

// What requests, by which lexicon speaks HTTP, takes from the environment beside the provider's own
// variables.
constexpr std::array connection_variables{
    std::string_view("http_proxy"),   std::string_view("https_proxy"), std::string_view("all_proxy"),
    std::string_view("no_proxy"),     std::string_view("HTTP_PROXY"),  std::string_view("HTTPS_PROXY"),
    std::string_view("ALL_PROXY"),    std::string_view("NO_PROXY"),    std::string_view("REQUESTS_CA_BUNDLE"),
    std::string_view("SSL_CERT_FILE")};

std::string prefix_of(std::string_view provider) {
  std::string prefix = fmt::format("LEXICON_{}_", provider);
  for (char& byte : prefix) {
    if (byte >= 'a' && byte <= 'z') byte = capitals[static_cast<std::size_t>(byte - 'a')];
  }
  return prefix;
}

[[noreturn]] void refuse(std::size_t line, std::string_view what) {
  throw crypto::KeyFileError(fmt::format("line {} {}", line, what));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

void reject_control_bytes(std::string_view text, std::size_t line) {
  const bool bad = std::any_of(text.begin(), text.end(), [](unsigned char byte) {
    return (byte < ' ' && byte != '\t') || byte == 0x7f;
  });
  if (bad) refuse(line, "has a control character");
}

// systemd takes the byte after a backslash as it is; in double quotes only one of these.
bool is_escaped(char quote, char next) {
  if (quote == '\'') return false;
  return quote == '\0' || std::string_view("\"\\`$").find(next) != std::string_view::npos;
}

crypto::Secret read_value(std::string_view text, std::size_t line) {
  char quote = '\0';
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    quote = text.front();
    text.remove_prefix(1);
  }
  crypto::Secret value;
  std::size_t i = 0;
  for (; i < text.size() && !(quote != '\0' && text[i] == quote); ++i) {
    if (text[i] == '\\' && quote != '\'') {
      if (i + 1 == text.size()) refuse(line, "ends with a backslash: a value has one line");
      if (is_escaped(quote, text[i + 1])) ++i;
    }
    value.push_back(text[i]);
  }
  if (quote != '\0' && i == text.size()) refuse(line, "has a quotation mark without its second");
  if (quote != '\0' && i + 1 != text.size()) refuse(line, "has text after the closing quotation mark");
  if (value.empty()) refuse(line, "gives no value");
  return value;
}

void check_name(std::string_view name, std::string_view prefix, std::size_t line) {
  if (name.starts_with("export ")) refuse(line, "begins with \"export\": it is not for a shell");
  if (name.empty() || name.find_first_not_of(name_bytes) != std::string_view::npos)
    refuse(line, "is not of the form NAME=value");
  if (std::find(connection_variables.begin(), connection_variables.end(), name) != connection_variables.end())
    return;
  if (!name.starts_with(prefix) || name.size() == prefix.size()) {
    refuse(line,
           fmt::format("sets {}: the names for this provider begin with {}", name.substr(0, 80), prefix));
  }
}

// The address of an API is no secret, and says most in an error, unless there is a user or a query in it.
bool is_plain_url(std::string_view value) {
  return (value.starts_with("http://") || value.starts_with("https://")) &&
         value.find_first_of("@?") == std::string_view::npos;
}

}  // namespace

ProviderCredentials ProviderCredentials::parse(std::string_view text, std::string_view provider) {
  const std::string prefix = prefix_of(provider);
  ProviderCredentials credentials;
  std::set<std::string, std::less<>> names;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto content = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    reject_control_bytes(content, line);
    const auto equals = content.find('=');
    // Without a "=", the line may be a secret, and is not quoted.
    if (equals == std::string_view::npos) refuse(line, "is not of the form NAME=value");
    const auto name = trimmed(content.substr(0, equals));
    check_name(name, prefix, line);
    if (!names.emplace(name).second) refuse(line, fmt::format("sets {} for a second time", name));
    if (names.size() > most_variables)
      refuse(line, fmt::format("is more than the {} variables allowed", most_variables));
    auto value = read_value(trimmed(content.substr(equals + 1)), line);
    crypto::Secret variable(name.begin(), name.end());
    variable.push_back('=');
    variable.insert(variable.end(), value.begin(), value.end());
    credentials.variables_.push_back(std::move(variable));
    if (value.size() >= shortest_secret && !is_plain_url(crypto::view(value)))
      credentials.values_.push_back(std::move(value));
  }
  const bool any =
      std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.starts_with(prefix); });
  if (!any) throw crypto::KeyFileError(fmt::format("no variable whose name begins with {}", prefix));
  // The longest first: one value may be part of another.
  std::sort(credentials.values_.begin(), credentials.values_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return credentials;
}

ProviderCredentials ProviderCredentials::read(const std::filesystem::path& path, std::string_view provider) {
  crypto::Secret text;
  try {
    const auto file = crypto::open_trusted_file(path, 0, crypto::TrustedAs::shared_secret);
    if (!file) throw crypto::KeyFileError(fmt::format("the file {} does not exist", path.string()));
    text = crypto::read_all(*file, path, largest_file);
  } catch (const crypto::StoreError& error) {
    throw crypto::KeyFileError(fmt::format("the credentials are not used: {}", error.what()));
  }
  try {
    return parse(crypto::view(text), provider);
  } catch (const crypto::KeyFileError& error) {
    throw crypto::KeyFileError(fmt::format("the file of credentials {}: {}", path.string(), error.what()));
  }
}

std::string ProviderCredentials::hide_in(std::string text) const {
  constexpr std::string_view hidden = "[hidden]";
  for (const auto& form : written_forms(values_)) {
    const auto secret = crypto::view(form);
    auto at = text.find(secret);
    if (at == std::string::npos) continue;
    // Written as a new text: an API may repeat a value any number of times.
    std::string shown;
    std::size_t begin = 0;
    for (; at != std::string::npos; at = text.find(secret, begin)) {
      shown.append(text, begin, at - begin).append(hidden);
      begin = at + secret.size();
    }
    text = std::move(shown.append(text, begin));
  }
  return text;
}

}  // namespace dkim::keytool
