#include "keytool/dns/misplaced_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::keytool {
namespace {

constexpr std::string_view middle = "._domainkey.";

// Drops the final dot, as people write names.
std::string shown(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::string(name);
}

// Ignores blanks, quotation marks and backslashes: the misplaced record may be damaged as well.
bool holds_key(std::string_view value, const std::string& key) {
  std::string plain;
  std::copy_if(value.begin(), value.end(), std::back_inserter(plain),
               [](char c) { return !canon::is_fws(c) && c != '"' && c != '\\'; });
  return plain.find(key) != std::string::npos;
}

}  // namespace

std::vector<MisplacedName> misplaced_names(const std::string& record_name, const std::string& zone) {
  const auto at = record_name.find(middle);
  if (at == std::string::npos) return {};
  const std::string selector = record_name.substr(0, at);
  const std::string without_domain = record_name.substr(0, at + middle.size() - 1);
  const std::string domain = record_name.substr(at + middle.size());
  const bool below_zone = domain != zone && domain.ends_with("." + zone);
  const std::string right =
      below_zone ? record_name.substr(0, record_name.size() - zone.size() - 1) : without_domain;
  const std::string enter =
      fmt::format("enter the name as {}, to which the form adds {}", right, shown(zone));

  std::vector<MisplacedName> names;
  const auto add = [&](const std::string& name, const std::string& advice) {
    const auto same = [&](const MisplacedName& other) { return other.name == name; };
    if (name != record_name && std::none_of(names.begin(), names.end(), same))
      names.push_back({name, advice});
  };
  for (const auto& appended : {zone, domain})
    add(record_name + appended,
        fmt::format("the form adds {} automatically: enter the name as {}", shown(appended), right));
  if (below_zone) add(without_domain + "." + zone, enter);
  for (const auto* instead :
       {".", ".domainkey.", "_domainkey.", "-domainkey.", ".-domainkey.", "._domain-key.", "._domainkeys."})
    add(selector + instead + domain, enter);
  add("_domainkey." + domain, enter);
  add(domain, enter);
  return names;
}

std::optional<std::string> find_misplaced(const crypto::KeyRecord& expected, const std::string& record_name,
                                          const std::string& zone, const AskTexts& ask) {
  if (expected.public_key.empty()) return std::nullopt;
  const std::string key = crypto::base64_encode(expected.public_key);
  for (const auto& [name, advice] : misplaced_names(record_name, zone)) {
    const auto values = ask(name);
    if (std::any_of(values.begin(), values.end(), [&](const auto& value) { return holds_key(value, key); }))
      return fmt::format("the record is at {} instead; {}", shown(name), advice);
  }
  return std::nullopt;
}

}  // namespace dkim::keytool
