#include "keytool/fleet/pauses.hpp"

namespace dkim::keytool::fleet {

Pauses::Milliseconds Pauses::after(int failures, Milliseconds first, Milliseconds longest) {
  auto most = first;
  for (int failure = 1; failure < failures && most < longest; ++failure)
    most *= 2;
  if (most > longest) most = longest;
  return between(most / 2, most);
}

Pauses::Milliseconds Pauses::between(Milliseconds least, Milliseconds most) {
  return Milliseconds(std::uniform_int_distribution<Milliseconds::rep>(least.count(), most.count())(random_));
}

}  // namespace dkim::keytool::fleet
