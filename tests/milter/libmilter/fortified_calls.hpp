// Calls poll(2) and read(2) like a libmilter that is compiled with _FORTIFY_SOURCE=3: by names that also take
// the size of the buffer, which only the running program knows.
#pragma once

#include <cstddef>
#include <string>

namespace dkim::test {

// Returns what one read of up to size bytes into a buffer of room bytes yields.
std::string fortified_read(int descriptor, std::size_t size, std::size_t room);

// Polls a list of room descriptors, as if it had count, for input and without waiting. The first is the given
// one, the others are none. Returns the result of poll, or -1 if the first's events do not go with it.
int fortified_poll(int descriptor, std::size_t count, std::size_t room);

}  // namespace dkim::test
