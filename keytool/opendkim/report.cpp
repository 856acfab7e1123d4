#include "keytool/opendkim/report.hpp"

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/key_record.hpp"
#include "keytool/key_report.hpp"
#include "keytool/terminal_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Kind = Remark::Kind;

std::string outcome_text(const StoredKey& key, const WantedKeys& wanted, bool would_be) {
  switch (key.outcome) {
    case StoredKey::Outcome::there_already:
      return "there already";
    case StoredKey::Outcome::refused:
      return "refused";
    default:
      return (would_be ? "to be added, " : "added, ") + std::string(to_string(wanted.state));
  }
}

std::string section(const Remarks& remarks, Kind kind, std::string_view heading) {
  std::string out;
  for (const auto& remark : remarks) {
    if (remark.kind != kind) continue;
    const std::string line = (remark.place.empty() ? std::string() : terminal_text(remark.place) + ": ") +
                             terminal_text(remark.text);
    out += "  " + without_key_text(line) + "\n";
  }
  return out.empty() ? out : "\n" + std::string(heading) + "\n" + out;
}

// Longer than the labels of a domain with a mixture that no path has: the shortest key, an Ed25519 seed,
// has 44.
bool looks_like_a_key(std::string_view run) {
  return run.size() >= 40 &&
         std::any_of(run.begin(), run.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::any_of(run.begin(), run.end(), [](char c) { return c >= 'a' && c <= 'z'; }) &&
         std::any_of(run.begin(), run.end(), canon::is_digit);
}

}  // namespace

std::string without_key_text(std::string_view text) {
  const auto is_base64 = [](char c) { return canon::is_alnum(c) || c == '+' || c == '/' || c == '='; };
  std::string out;
  while (!text.empty()) {
    const auto end =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_base64) - text.begin());
    const auto run = text.substr(0, end);
    out += looks_like_a_key(run) ? std::string(run.substr(0, 4)) + "...(a private key?)" : std::string(run);
    out += text.substr(end, 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string keys_text(const StoreResult& result, const WantedKeys& wanted, bool would_be) {
  if (result.keys.empty()) return "no keys\n";
  std::string out;
  for (const auto& key : result.keys) {
    const auto& found = wanted.keys.at(key.name);
    out += crypto::record_name(key.name.selector, key.name.domain) + " (" +
           kind_text(found.key->algorithm(), found.key->bits()) +
           "): " + outcome_text(key, wanted, would_be) + "; " + terminal_text(found.source) + "\n";
  }
  return out;
}

std::string remarks_text(const Remarks& remarks) {
  return section(remarks, Kind::not_taken, "Not taken over:") + section(remarks, Kind::note, "Good to know:");
}

bool has_losses(const StoreResult& result, const Remarks& remarks) {
  return std::any_of(remarks.begin(), remarks.end(),
                     [](const auto& remark) { return remark.kind == Kind::not_taken; }) ||
         std::any_of(result.keys.begin(), result.keys.end(),
                     [](const auto& key) { return key.outcome == StoredKey::Outcome::refused; });
}

}  // namespace dkim::keytool::opendkim
