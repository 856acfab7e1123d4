#include "milter/mta.hpp"

namespace dkim::milter {

Mta mta_of(std::optional<std::string_view> version) {
  const bool is_number = version && !version->empty() && version->front() >= '0' && version->front() <= '9';
  return is_number ? Mta::sendmail : Mta::postfix;
}

}  // namespace dkim::milter
