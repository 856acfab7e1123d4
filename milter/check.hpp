// dkimsignd --check: reads everything that the daemon would ever read and says what is wrong.
//
// Reports what cannot be read or used as a problem; throws nothing but std::bad_alloc.
#pragma once

#include <iosfwd>

#include "milter/config.hpp"

namespace dkim::milter {

// Reads every manifest and every active key, looks for the domains and selectors that rules name, and checks
// that nobody else may write the files that the programs rely on (crypto/trusted_path), including hooks and
// TSIG files. Writes one line for each problem to out and returns their number. Lines that begin with
// "warning:" are about settings that work as written but may do harm; they are not counted.
int check_everything(const Config& config, std::ostream& out);

}  // namespace dkim::milter
