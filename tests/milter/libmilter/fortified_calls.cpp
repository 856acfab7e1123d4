#include "tests/milter/libmilter/fortified_calls.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>

namespace dkim::test {

// The buffers come from malloc, because the compiler tracks the size of its blocks.

std::string fortified_read(int descriptor, std::size_t size, std::size_t room) {
  char* const buffer = static_cast<char*>(std::malloc(room));
  if (buffer == nullptr) return "no memory";
  const ssize_t count = read(descriptor, buffer, size);
  std::string bytes(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
  std::free(buffer);
  return bytes;
}

int fortified_poll(int descriptor, std::size_t count, std::size_t room) {
  auto* const list = static_cast<pollfd*>(std::malloc(room * sizeof(pollfd)));
  if (list == nullptr) return -1;
  for (std::size_t i = 0; i < room; ++i)
    list[i] = {i == 0 ? descriptor : -1, POLLIN, 0};
  const int ready = poll(list, count, 0);
  const bool agrees = (ready == 1) == ((list[0].revents & POLLIN) != 0);
  std::free(list);
  return agrees ? ready : -1;
}

}  // namespace dkim::test
