// Reads domains and selectors as people type them, on the command line and in the configuration.
//
// This is stricter than DomainName and Selector, which also read what strangers sign with: nobody means to
// sign as a name of one label, and a record's whole name in place of the selector is a typing error that
// would get into DNS. Names that do not fit are a Refusal; nothing here throws. A refusal may contain the
// name that was probably meant, which is valid and safe to log.
#pragma once

#include <string_view>

#include "canon/domain_name.hpp"
#include "canon/result.hpp"
#include "canon/selector.hpp"

namespace dkim::canon {

// Refuses what DomainName refuses, and also a mail address, an IPv4 address, a name of one label and the name
// of a record.
Result<DomainName> parse_typed_domain(std::string_view text);

// Refuses what Selector refuses, and also a name with the label _domainkey.
Result<Selector> parse_typed_selector(std::string_view text);

}  // namespace dkim::canon
