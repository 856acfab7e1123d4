// Turns what lexicon(1) prints when it fails, which ends in a Python exception, into an error that a person
// can act on.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "canon/domain_name.hpp"
#include "keytool/lexicon/provider_records.hpp"

namespace dkim::keytool {

// Says what most likely went wrong, by the text of the exception.
ProviderFault fault_in(std::string_view errors);

// Returns the last line of a text, for people: bounded, and safe on a terminal. The credentials must be
// hidden already.
std::string quoted_end(std::string_view text);

struct LexiconFailure {
  std::string provider;
  canon::DomainName zone;
  std::filesystem::path credentials;
  std::string errors;  // what lexicon printed, without the credentials
};

// Returns a whole sentence about the failure, with what lexicon said.
ProviderError describe_failure(const LexiconFailure& failure);

}  // namespace dkim::keytool
