// Every setting that opendkim 2.11 knows, and what becomes of it: a setting that nobody looked at is never
// passed over in silence.
#pragma once

#include <string_view>

namespace dkim::keytool::opendkim {

enum class Fate {
  taken,             // import acts on it
  verifying,         // about checking others' signatures, which dkimsignd does not do
  elsewhere,         // dkimsignd has it otherwise, and its own way holds: no loss
  unsigned_mail,     // lost: mail is signed for it that dkimsignd leaves unsigned
  signed_otherwise,  // lost: mail is signed in another way without it, or is not to be signed
  lost,              // it has no counterpart, and no bearing on signatures
  unknown,           // opendkim itself does not know it
};

struct SettingFate {
  Fate fate = Fate::unknown;
  std::string_view why;
};

// Whatever its case.
SettingFate fate_of(std::string_view name);

}  // namespace dkim::keytool::opendkim
