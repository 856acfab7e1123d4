// Reports doctor's findings: to people, to programs, and by the exit code. Never fails.
#pragma once

#include <string>
#include <string_view>

#include "keytool/cli/exit_code.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Returns one word, as in --json: "broken".
std::string_view to_string(Severity severity);

// Puts the most important first; findings of the same severity stay in the order of the chain.
Findings sorted(Findings findings);

// Returns text for a terminal, safe whatever the findings contain. The last line counts them.
std::string findings_text(const Findings& findings);
// Returns an array of flat objects: severity, topic, subject, what, advice, paste (lines, or null).
std::string findings_json(const Findings& findings);

// Returns problem if anything is broken or at risk, waiting if something is unknown, or else done.
ExitCode exit_code_of(const Findings& findings);

}  // namespace dkim::keytool
