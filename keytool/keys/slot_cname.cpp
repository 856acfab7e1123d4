#include "keytool/keys/slot_cname.hpp"

#include <fmt/format.h>

#include "canon/labels.hpp"
#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {
namespace {

bool is_needed(const crypto::Slot& slot, const crypto::Manifest& manifest) {
  if (slot.target.empty()) return false;
  const auto* key = manifest.find(slot.selector);
  return !slot.closed || (key != nullptr && !key->forgotten);
}

// A name outside the zone stays whole.
std::string_view name_within(std::string_view name, std::string_view zone) {
  return canon::is_below(name, zone) ? name.substr(0, name.size() - zone.size() - 1) : name;
}

}  // namespace

std::vector<SlotCname> slot_cnames(const crypto::Manifest& manifest, const canon::DomainName& domain) {
  std::vector<SlotCname> cnames;
  for (const auto& slot : manifest.slots) {
    if (is_needed(slot, manifest)) cnames.push_back({slot, crypto::record_name(slot.selector, domain)});
  }
  return cnames;
}

std::string zone_text(const SlotCname& cname) {
  return fmt::format("{}. {} IN CNAME {}.\n", cname.name, crypto::default_ttl, cname.slot.target);
}

std::string form_text(const SlotCname& cname, std::string_view zone) {
  return fmt::format(R"(  name    {}   (in the zone {}; in full {})
  type    CNAME
  target  {}
)",
                     name_within(cname.name, zone), zone, cname.name, cname.slot.target);
}

JsonObject json_object(const SlotCname& cname, const canon::DomainName& domain) {
  JsonObject object;
  object.text("domain", domain.str());
  object.text("selector", cname.slot.selector.str());
  object.text("algorithm", crypto::key_name(cname.slot.algorithm));
  object.text("name", cname.name);
  object.text("type", "CNAME");
  object.number("ttl", crypto::default_ttl);
  object.text("target", cname.slot.target);
  return object;
}

}  // namespace dkim::keytool
