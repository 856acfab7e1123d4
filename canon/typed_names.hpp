// Domains and selectors as people type them, on the command line and in the configuration.
//
// Stricter than DomainName and Selector, which also read what strangers sign with: nobody means to sign as a
// name of one label, and a record's whole name in place of the selector is a slip that DNS would serve for
// ever. Total. A refusal may hold the name that was probably meant, which is a valid one and safe to log.
#pragma once

#include <string_view>

#include "canon/domain_name.hpp"
#include "canon/result.hpp"
#include "canon/selector.hpp"

namespace dkim::canon {

// Refuses, beside what is no domain name: an address of a mailbox or a host, a name of one label, a record's
// name.
Result<DomainName> parse_typed_domain(std::string_view text);

// Refuses, beside what is no selector, whatever has the label _domainkey.
Result<Selector> parse_typed_selector(std::string_view text);

}  // namespace dkim::canon
