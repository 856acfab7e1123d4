#include "keytool/opendkim/standard_input.hpp"

#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"

namespace dkim::keytool::opendkim {

crypto::Secret read_key_from(int descriptor) {
  constexpr std::size_t limit = 64 << 10;
  // Allocated at once: growing would leave copies behind.
  crypto::Secret content(limit + 1);
  std::size_t length = 0;
  while (length < content.size()) {
    const auto got = read(descriptor, content.data() + length, content.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) crypto::throw_store_error("read a key from", "standard input", errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > limit) throw crypto::StoreError("standard input is larger than a private key ever is");
  if (length == 0) throw crypto::StoreError("standard input is empty: no private key came");
  content.resize(length);
  return content;
}

}  // namespace dkim::keytool::opendkim
