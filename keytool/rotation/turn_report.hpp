// Describes a turn for rotate and revoke: what happened, what a person must do in DNS, and when it goes on.
// Nothing here fails.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "keytool/cli/exit_code.hpp"
#include "keytool/output/json.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Returns the report for people, with the records to publish as zone-file text.
std::string describe_turn(const canon::DomainName& domain, const TurnReport& report);

// Returns a line for each publication that failed, for standard error beside --json.
std::string failures_text(const canon::DomainName& domain, const TurnReport& report);

// Returns an object for each key of the domain, with what it waits for.
std::vector<JsonObject> turn_objects(const canon::DomainName& domain, const TurnReport& report);

ExitCode exit_code(const TurnReport& report);

}  // namespace dkim::keytool
