#include "keytool/keys/copy_view.hpp"

#include <fmt/format.h>

#include <iostream>

#include "crypto/error.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {

void print_copy_view(const crypto::KeyStore& store) {
  try {
    const auto membership = read_membership(store);
    if (!membership) return;
    std::cerr << fmt::format("note: this machine's copy of the fleet, as of change {}, last contact {}\n",
                             membership->sequence, crypto::to_string(membership->contact));
  } catch (const crypto::Error& error) {
    std::cerr << fmt::format("note: this machine's copy of a fleet, and it is not known how old: {}\n",
                             terminal_text(error.what()));
  }
}

}  // namespace dkim::keytool
