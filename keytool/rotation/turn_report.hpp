// What rotate, activate and revoke say: in order, what happened, what a person must do in DNS, and when it
// goes on by itself.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "keytool/cli/exit_code.hpp"
#include "keytool/output/json.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// For people; the records to put into DNS are in it as zone-file text.
std::string describe_turn(const canon::DomainName& domain, const TurnReport& report);

// A line for each publication that failed, for standard error beside --json.
std::string failures_text(const canon::DomainName& domain, const TurnReport& report);

// An object for each of the domain's keys, with what it waits for.
void add_turn_objects(std::vector<JsonObject>& objects, const canon::DomainName& domain,
                      const TurnReport& report);

ExitCode exit_code(const TurnReport& report);

}  // namespace dkim::keytool
