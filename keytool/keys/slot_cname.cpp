#include "keytool/keys/slot_cname.hpp"

#include <fmt/format.h>

#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {

std::vector<SlotCname> slot_cnames(const crypto::Manifest& manifest, const canon::DomainName& domain) {
  std::vector<SlotCname> cnames;
  for (const auto& slot : manifest.slots) {
    if (!slot.target.empty()) cnames.push_back({slot, crypto::record_name(slot.selector, domain)});
  }
  return cnames;
}

std::string zone_text(const SlotCname& cname) {
  return fmt::format("{}. {} IN CNAME {}.\n", cname.name, crypto::default_ttl, cname.slot.target);
}

std::string form_text(const SlotCname& cname, const canon::DomainName& domain) {
  return fmt::format(R"(  name    {}   (some forms want it without .{})
  type    CNAME
  target  {}
)",
                     cname.name, domain.str(), cname.slot.target);
}

}  // namespace dkim::keytool
