#include "keytool/keys/signer_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

using crypto::LaggingSigner;
using crypto::UtcTime;

// Of 500 machines without a network, a few names tell as much.
constexpr std::size_t most_names = 5;
constexpr std::size_t longest_host = 64;
constexpr std::size_t longest_refusal = 200;

// Agents are in contact every few seconds; minutes are more than a restart or a busy database takes.
constexpr std::chrono::minutes longest_silence{2};
// A machine that is in contact but far behind works through many domains.
constexpr std::chrono::hours longest_work{1};

std::string contact_text(const LaggingSigner& signer) {
  if (signer.left) {
    return signer.lease_end ? fmt::format("has left; may sign until {}", crypto::to_string(*signer.lease_end))
                            : "has left";
  }
  if (!signer.last_seen) return "no contact yet";
  return fmt::format("last contact {}", crypto::to_string(*signer.last_seen));
}

std::string name_text(const LaggingSigner& signer) {
  auto text = fmt::format("{} ({}", canon::printable(signer.host, longest_host), contact_text(signer));
  if (!signer.refusal.empty())
    text += fmt::format("; it refuses the domain: {}", canon::printable(signer.refusal, longest_refusal));
  return text + ")";
}

// Returns the host as an argument that can be pasted; "HOST" if there are several, or if the name is none
// that a shell takes as it is.
std::string host_argument(const Signers& signers) {
  const auto is_plain = [](char c) { return canon::is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  const auto& host = signers.front().host;
  const bool is_one_plain = signers.size() == 1 && !host.empty() && host.size() <= longest_host &&
                            !host.starts_with('-') && std::all_of(host.begin(), host.end(), is_plain);
  return is_one_plain ? host : "HOST";
}

}  // namespace

Signers expected_back(const crypto::SignerView& view) {
  Signers out;
  std::copy_if(view.behind.begin(), view.behind.end(), std::back_inserter(out),
               [](const LaggingSigner& signer) { return !signer.left; });
  return out;
}

bool is_stuck(const LaggingSigner& signer, UtcTime since, UtcTime now) {
  if (signer.left) return false;
  return !signer.refusal.empty() || !signer.last_seen || now - *signer.last_seen > longest_silence ||
         now - since > longest_work;
}

std::string names_text(const Signers& signers) {
  std::string text;
  for (std::size_t i = 0; i < std::min(signers.size(), most_names); ++i)
    text += (i == 0 ? "" : ", ") + name_text(signers[i]);
  if (signers.size() > most_names) text += fmt::format(" and {} more", signers.size() - most_names);
  return text;
}

std::string hosts_text(const Signers& signers) {
  std::string text;
  for (const auto& signer : signers)
    text += (text.empty() ? "" : " ") + canon::printable_word(signer.host, longest_host);
  return text;
}

std::string lacks_key_text(const Signers& signers) {
  return fmt::format(
      "every server serves its record, but {}: {}; it goes on when the agent there has caught up; if {} gone "
      "for good: dkimkey fleet leave {}",
      signers.size() == 1 ? "a machine does not have the key yet" : "some machines do not have the key yet",
      names_text(signers), signers.size() == 1 ? "the machine is" : "they are", host_argument(signers));
}

std::string still_signs_text(const Signers& signers) {
  auto text =
      fmt::format("it is revoked, but may still sign mail on {}; stop that there (systemctl stop dkimsignd)",
                  names_text(signers));
  const auto staying = expected_back({true, signers});
  if (staying.empty()) return text;
  return text + fmt::format(", or if {} gone for good: dkimkey fleet leave {}",
                            staying.size() == 1 ? "the machine is" : "they are", host_argument(staying));
}

}  // namespace dkim::keytool
