// dkimsignd --check: reads everything the daemon would ever read and says what is wrong.
#pragma once

#include <iosfwd>

#include "milter/config.hpp"

namespace dkim::milter {

// Reads every manifest and every active key; looks for the domains and selectors that rules name; judges who
// may write what is gone by (crypto/trusted_path), hooks and TSIG files included. A line for each problem
// goes to out. Returns how many there were; warnings, of what does what it says and may yet harm, begin so
// and are not counted.
int check_everything(const Config& config, std::ostream& out);

}  // namespace dkim::milter
