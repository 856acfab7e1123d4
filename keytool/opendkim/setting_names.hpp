// Lists every setting of opendkim 2.11 with what import does about it, so that none is ignored silently.
// Pure.
#pragma once

#include <string_view>

namespace dkim::keytool::opendkim {

enum class Fate {
  taken,             // import acts on it
  verifying,         // about checking others' signatures, which dkimsignd does not do
  elsewhere,         // dkimsignd has its own way: no loss
  unsigned_mail,     // lost: it makes opendkim sign mail that dkimsignd leaves unsigned
  signed_otherwise,  // lost: without it mail is signed differently, or although it should not be
  lost,              // it has no counterpart, and no effect on signatures
  unknown,           // opendkim itself does not know it
};

struct SettingFate {
  Fate fate = Fate::unknown;
  std::string_view why;
};

// Looks a setting up by its name, whatever its case.
SettingFate fate_of(std::string_view name);

}  // namespace dkim::keytool::opendkim
