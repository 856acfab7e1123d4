#include "keytool/doctor/organizational_domain.hpp"

#include <libpsl.h>

namespace dkim::keytool {

std::string organizational_domain(const std::string& name) {
  // Compiled into the library; Debian renews it with the package.
  const char* registered = psl_registrable_domain(psl_builtin(), name.c_str());
  return registered == nullptr ? name : registered;
}

}  // namespace dkim::keytool
