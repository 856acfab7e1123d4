// The CNAMEs by which a domain's owner lets its slots lead to names that we publish. Nothing fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/output/json.hpp"

namespace dkim::keytool {

struct SlotCname {
  crypto::Slot slot;
  std::string name;  // without a final dot
};

// Returns one for each slot that leads elsewhere, except for closed ones that have served their last key.
std::vector<SlotCname> slot_cnames(const crypto::Manifest& manifest, const canon::DomainName& domain);

// Returns a line for a zone file, with absolute names.
std::string zone_text(const SlotCname& cname);

// Returns what to enter into the web form of a DNS provider: the name within the zone, the type and the
// target.
std::string form_text(const SlotCname& cname, std::string_view zone);

// Has domain, selector, algorithm, name, type, ttl and target.
JsonObject json_object(const SlotCname& cname, const canon::DomainName& domain);

}  // namespace dkim::keytool
