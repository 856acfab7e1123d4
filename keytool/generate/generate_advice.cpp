#include "keytool/generate/generate_advice.hpp"

#include <algorithm>

#include "keytool/keys/key_report.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

std::string describe_strings(const crypto::NamedRecord& record) {
  const std::size_t strings = crypto::txt_strings(record.value).size();
  if (strings == 1) return "The value fits one string of 255 octets.\n";
  return "The value has " + std::to_string(record.value.size()) + " octets and goes into DNS as " +
         std::to_string(strings) +
         " strings of at most 255. Most web forms do that by\n"
         "themselves. For one that refuses it, make a smaller key: generate --fit 255, with another "
         "selector.\n";
}

}  // namespace

std::string size_warning(int bits) {
  if (bits >= crypto::default_rsa_bits) return {};
  return "warning: an RSA key of " + std::to_string(bits) +
         " bits is weaker than the 2048 that RFC 8301 recommends\n";
}

std::string algorithm_note(const GenerateRequest& request, const crypto::Manifest& manifest) {
  const bool has_rsa = std::any_of(manifest.keys.begin(), manifest.keys.end(), [](const auto& key) {
    return key.algorithm == crypto::Algorithm::rsa && key.state != crypto::KeyState::revoked;
  });
  if (has_rsa || request.keys.front().algorithm == crypto::Algorithm::rsa) return {};
  return "note: large receivers do not all verify Ed25519; mail signed by it alone counts as unsigned "
         "there.\n"
         "      --algorithm both makes an RSA key as well.\n";
}

std::string describe_made(const crypto::KeyStore& store, const canon::DomainName& domain,
                          const std::vector<MadeKey>& made) {
  std::string out;
  for (const auto& [entry, record] : made) {
    out += "made " + record.name + " (" + kind_text(entry.algorithm, entry.bits) + ")\n";
    out += "  private key  " + terminal_text(store.key_path(domain, entry.selector).string()) + "\n";
    out += "  record       " + terminal_text(store.record_path(domain, entry.selector).string()) + "\n";
    if (entry.state == crypto::KeyState::active) {
      out += "  state        active: mail from " + domain.str() +
             " is signed with it from now on. Receivers can verify that\n"
             "               only once the record is in DNS: publish it now.\n";
    } else {
      out +=
          "  state        pending: nothing is signed with it. Publish its record, then let it sign with\n"
          "               dkimkey activate, which looks whether the record is there, on every name server.\n";
    }
  }
  return out;
}

std::string describe_company(const canon::DomainName& domain, const crypto::Manifest& manifest,
                             const std::vector<MadeKey>& made) {
  const auto is_new = [&](const crypto::KeyEntry& entry) {
    return std::any_of(made.begin(), made.end(),
                       [&](const MadeKey& key) { return key.entry.selector == entry.selector; });
  };
  std::string out;
  for (const auto& key : made) {
    if (key.entry.state != crypto::KeyState::active) continue;
    for (const auto& other : manifest.keys) {
      if (other.state != crypto::KeyState::active || other.algorithm != key.entry.algorithm || is_new(other))
        continue;
      out += "note: " + other.selector.str() + " of " + domain.str() +
             " is an active key of the same kind as " + key.entry.selector.str() +
             ": mail gets a signature of each\n";
    }
  }
  return out;
}

std::string describe_publishing(const canon::DomainName& domain, const std::vector<MadeKey>& made) {
  std::string out = "\nTo publish, either put what standard output shows into the zone file of " +
                    domain.str() +
                    " (it is in the record file\ntoo) and raise the zone's serial, or fill in " +
                    "your DNS hoster's web form:\n";
  for (const auto& key : made) {
    out += "  name   " + key.record.name + "   (some forms want it without ." + domain.str() + ")\n";
    out += "  type   TXT\n";
    out += "  value  " + key.record.value + "\n";
    out += describe_strings(key.record);
  }
  out +=
      "Enter the value as it stands here: without quotation marks or backslashes, and not as zone-file text. "
      "If "
      "the\nform then shows the domain twice in the name, take it out once.\n";
  return out;
}

std::string describe_changed(const canon::DomainName& domain, const std::vector<canon::Selector>& changed) {
  if (changed.empty()) return {};
  std::string out =
      "\nWhat was asked for holds for the whole domain, so these records changed too and must be "
      "published again:\n";
  for (const auto& selector : changed)
    out += "  dkimkey show --domain " + domain.str() + " --selector " + selector.str() + "\n";
  return out;
}

}  // namespace dkim::keytool
