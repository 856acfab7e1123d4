// Calls poll(2) and read(2) like a libmilter that is compiled with _FORTIFY_SOURCE=3: by names that also take
// the size of the buffer, which is known only at run time.
#pragma once

#include <cstddef>
#include <string>

namespace dkim::test {

// Returns the bytes of one read of up to `size` bytes into a buffer of `room` bytes.
std::string fortified_read(int descriptor, std::size_t size, std::size_t room);

// Polls a list of `room` entries for input as if it had `count`, without waiting. Only the first entry has a
// descriptor. Returns the result of poll(2), or -1 if the events of the first entry do not match it.
int fortified_poll(int descriptor, std::size_t count, std::size_t room);

}  // namespace dkim::test
