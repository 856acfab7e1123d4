// The exit codes of dkimkey, by which scripts and timers tell the cases apart.
#pragma once

namespace dkim::keytool {

enum class ExitCode {
  done = 0,
  problem = 1,  // something was found wrong, or could not be done
  usage = 2,    // the command line or the configuration is wrong: nothing was tried
  waiting = 3,  // DNS or a person has to act first: try again later
};

// Returns the outcome to report for both: a problem before anything else, then waiting.
inline ExitCode worse(ExitCode a, ExitCode b) {
  if (a == ExitCode::problem || b == ExitCode::problem) return ExitCode::problem;
  return a == ExitCode::done ? b : a;
}

}  // namespace dkim::keytool
