#include "keytool/generate/generate_advice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "crypto/keys/key_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/slot_cname.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

std::string describe_strings(const crypto::NamedRecord& record) {
  const std::size_t strings = crypto::txt_strings(record.value).size();
  if (strings == 1) return "The value fits into one string of 255 bytes.\n";
  return fmt::format(
      R"(The value has {} bytes and goes into DNS as {} strings of at most 255. Most web forms split it
automatically. If yours refuses it, make a smaller key under another selector: generate --fit 255.
)",
      record.value.size(), strings);
}

// Says where the record of a key in a slot goes; the others are where their name says.
std::string describe_slot(const MadeKey& made, const canon::DomainName& domain) {
  if (!made.slot) return {};
  if (made.slot->target.empty()) return "  slot         its record takes turns with those of later keys\n";
  return fmt::format("  slot         published at {}, to which a CNAME of {} leads\n", made.record.name,
                     domain.str());
}

std::string describe_form_name(const MadeKey& made, const canon::DomainName& domain) {
  if (made.slot && !made.slot->target.empty())
    return fmt::format("{}   (some forms want it without the zone's name)", made.record.name);
  return fmt::format("{}   (some forms want it without .{})", made.record.name, domain.str());
}

// The zone that the records go into, as far as it is known.
std::string zone_of(const canon::DomainName& domain, const std::vector<MadeKey>& made) {
  const bool is_elsewhere = std::any_of(
      made.begin(), made.end(), [](const MadeKey& key) { return key.slot && !key.slot->target.empty(); });
  return is_elsewhere ? "your zone with that name" : fmt::format("the zone file of {}", domain.str());
}

std::string describe_state(const crypto::KeyEntry& entry, const canon::DomainName& domain) {
  if (entry.state == crypto::KeyState::active) {
    return fmt::format(R"(active: mail from {} is signed with it from now on. Receivers can verify that
               only once the record is in DNS: publish it now.)",
                       domain.str());
  }
  return R"(pending: nothing is signed with it. Publish its record, then run dkimkey activate,
               which starts signing once every name server has the record.)";
}

}  // namespace

std::string size_warning(int bits) {
  if (bits >= crypto::default_rsa_bits) return {};
  return fmt::format("warning: an RSA key of {} bits is weaker than the 2048 that RFC 8301 recommends\n",
                     bits);
}

std::string algorithm_note(const GenerateRequest& request, const crypto::Manifest& manifest) {
  const bool has_rsa = std::any_of(manifest.keys.begin(), manifest.keys.end(), [](const auto& key) {
    return key.algorithm == crypto::Algorithm::rsa && key.state != crypto::KeyState::revoked;
  });
  if (has_rsa || request.keys.front().algorithm == crypto::Algorithm::rsa) return {};
  return R"(note: some large receivers do not verify Ed25519, and treat mail with only such a signature as unsigned.
      --algorithm both makes an RSA key as well.
)";
}

std::string describe_made(const crypto::KeyStore& store, const canon::DomainName& domain,
                          const std::vector<MadeKey>& made) {
  std::string out;
  for (const auto& key : made) {
    const auto& entry = key.entry;
    out += fmt::format(R"(made {} ({})
  private key  {}
  record       {}
{}  state        {}
)",
                       crypto::record_name(entry.selector, domain), kind_text(entry.algorithm, entry.bits),
                       terminal_text(store.key_path(domain, entry).string()),
                       terminal_text(store.record_path(domain, entry.selector).string()),
                       describe_slot(key, domain), describe_state(entry, domain));
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
      out += fmt::format(
          "note: {} of {} is an active key of the same algorithm as {}: mail gets a signature from each\n",
          other.selector.str(), domain.str(), key.entry.selector.str());
    }
  }
  return out;
}

std::string describe_publishing(const canon::DomainName& domain, const std::vector<MadeKey>& made) {
  std::string out = fmt::format(R"(
To publish, either put what standard output shows into {} (it is in the record file
too) and increase the zone's serial number, or fill in the web form of your DNS provider:
)",
                                zone_of(domain, made));
  for (const auto& key : made) {
    out += fmt::format(R"(  name   {}
  type   TXT
  value  {}
{})",
                       describe_form_name(key, domain), key.record.value, describe_strings(key.record));
  }
  out +=
      R"(Enter the value exactly as shown: without quotation marks or backslashes, and not as zone-file text. If the
form then shows the domain twice in the name, remove it once.
)";
  return out;
}

std::string describe_cnames(const canon::DomainName& domain, const crypto::Manifest& manifest) {
  std::string out;
  std::vector<std::string> closed;
  for (const auto& cname : slot_cnames(manifest, domain)) {
    if (cname.slot.closed) {
      closed.push_back(cname.slot.selector.str());
    } else {
      out += form_text(cname, domain.str());
    }
  }
  if (!out.empty()) {
    out = fmt::format(R"(
The owner of {} makes these records once; dkimkey show --cname prints them again:
{}Some forms add the zone to the target, too, unless it ends with a dot.
)",
                      domain.str(), out);
  }
  if (!closed.empty()) {
    out += fmt::format(R"(
No more keys go into {}. The CNAME can be removed once "dkimkey list --slots" shows the slot as closed.
)",
                       fmt::join(closed, " and "));
  }
  return out;
}

std::string describe_changed(const canon::DomainName& domain, const std::vector<canon::Selector>& changed) {
  if (changed.empty()) return {};
  std::string out =
      "\nThese settings apply to the whole domain, so these records have changed too and must be "
      "published again:\n";
  for (const auto& selector : changed)
    out += fmt::format("  dkimkey show --domain {} --selector {}\n", domain.str(), selector.str());
  return out;
}

}  // namespace dkim::keytool
