#include "keytool/opendkim/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/keys/key_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Kind = Remark::Kind;

std::string outcome_text(const StoredKey& key, const WantedKeys& wanted, Run run) {
  switch (key.outcome) {
    case StoredKey::Outcome::there_already:
      return "there already";
    case StoredKey::Outcome::refused:
      return "refused";
    case StoredKey::Outcome::added:
      break;
  }
  return fmt::format("{}, {}", run == Run::dry ? "to be added" : "added", to_string(wanted.state));
}

std::string section(const Remarks& remarks, std::initializer_list<Kind> kinds, std::string_view heading) {
  std::string out;
  for (const auto& remark : remarks) {
    if (std::find(kinds.begin(), kinds.end(), remark.kind) == kinds.end()) continue;
    const std::string line = (remark.place.empty() ? std::string() : terminal_text(remark.place) + ": ") +
                             terminal_text(remark.text);
    out += "  " + without_key_text(line) + "\n";
  }
  return out.empty() ? out : std::string(heading) + "\n" + out;
}

// Longer than a domain's labels, with a mixture that paths do not have. The shortest key, an Ed25519 seed,
// has 44 characters.
bool looks_like_a_key(std::string_view run) {
  return run.size() >= 40 &&
         std::any_of(run.begin(), run.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::any_of(run.begin(), run.end(), [](char c) { return c >= 'a' && c <= 'z'; }) &&
         std::any_of(run.begin(), run.end(), canon::is_digit);
}

bool has_keys(const StoreResult& result) {
  return std::any_of(result.keys.begin(), result.keys.end(),
                     [](const auto& key) { return key.outcome != StoredKey::Outcome::refused; });
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

std::string warnings_text(const StoreResult& result, const Remarks& remarks, Trust trust,
                          std::string_view signer) {
  std::string out;
  if (!has_keys(result))
    out += "ATTENTION: nothing is imported: no key was taken over, so no mail will be signed with one\n";
  if (trust == Trust::nobody) {
    out +=
        "ATTENTION: nobody is trusted: mail of this host itself, such as cron's, is not signed, nor is that "
        "of any network; see trusted_networks\n";
  }
  if (trust == Trust::marked_mail) {
    out +=
        "ATTENTION: no host is trusted: mail of this host itself, such as cron's, is signed only if a macro "
        "marks it; see trusted_networks and macros\n";
  }
  out += section(remarks, {Kind::unsigned_mail, Kind::let_through},
                 fmt::format("ATTENTION: mail leaves unsigned that {} signs, defers or refuses:", signer));
  out += section(remarks, {Kind::signed_otherwise},
                 fmt::format("ATTENTION: mail is signed differently than by {}:", signer));
  return out;
}

std::string keys_text(const StoreResult& result, const WantedKeys& wanted, Run run) {
  if (result.keys.empty()) return {};
  std::string out;
  for (const auto& key : result.keys) {
    const auto& found = wanted.keys.at(key.name);
    out += fmt::format("{} ({}): {}; {}\n", crypto::record_name(key.name.selector, key.name.domain),
                       kind_text(found.key->algorithm(), found.key->bits()), outcome_text(key, wanted, run),
                       terminal_text(found.source));
  }
  return out;
}

std::string remarks_text(const Remarks& remarks) {
  std::string out;
  for (const auto& part : {section(remarks, {Kind::not_taken}, "Not taken over:"),
                           section(remarks, {Kind::note}, "Good to know:")})
    out += part.empty() ? part : "\n" + part;
  return out;
}

bool has_losses(const StoreResult& result, const Remarks& remarks, Trust trust) {
  return !has_keys(result) || trust == Trust::nobody || trust == Trust::marked_mail ||
         std::any_of(remarks.begin(), remarks.end(), is_loss) ||
         std::any_of(result.keys.begin(), result.keys.end(),
                     [](const auto& key) { return key.outcome == StoredKey::Outcome::refused; });
}

}  // namespace dkim::keytool::opendkim
