// Sets and removes a TXT record at a provider, whatever the provider's habits are: an update that adds a
// second record, quotation marks that are needed or added, identifiers that name several records.
//
// All failures are ProviderError, and say so if the name is left without a record or with several.
#pragma once

#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/lexicon/provider_records.hpp"

namespace dkim::keytool {

// Makes this the only TXT record at its name. Changes nothing if the provider has it already and the form is
// automatic: servers take their time.
void set_record(ProviderRecords& provider, const crypto::NamedRecord& record,
                crypto::PublishSettings::Form form);

// Removes all TXT records at the name; nothing happens if there are none.
void remove_record(ProviderRecords& provider, const std::string& name);

}  // namespace dkim::keytool
