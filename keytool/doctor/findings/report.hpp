// How doctor tells its findings: to people, to programs, and by its exit code.
#pragma once

#include <string>
#include <string_view>

#include "keytool/cli/exit_code.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// One word, as in --json: "broken".
std::string_view to_string(Severity severity);

// The most important first; those of the same severity stay in the order of the chain.
void sort_findings(Findings& findings);

// Safe for a terminal, whatever the findings hold. Good ones on a line each; a closing line counts.
std::string findings_text(const Findings& findings);
// An array of flat objects: severity, topic, subject, what, advice, paste (lines, or null).
std::string findings_json(const Findings& findings);

ExitCode exit_code_of(const Findings& findings);

}  // namespace dkim::keytool
