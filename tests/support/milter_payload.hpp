// Writes and reads the contents of a packet: numbers in network byte order and strings that end in NUL.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <arpa/inet.h>

#include "tests/support/milter_connection.hpp"

namespace dkim::test {

inline void append_u32(std::string& out, std::uint32_t value) {
  value = htonl(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string packed_u32(std::uint32_t value) {
  std::string out;
  append_u32(out, value);
  return out;
}

// Appends the string and a NUL, as the protocol writes each string of a list.
inline void append_string(std::string& out, std::string_view value) {
  out += value;
  out += '\0';
}

// Takes fields off the front of a reply's payload.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : rest_(payload) {}

  bool empty() const { return rest_.empty(); }

  std::uint32_t u32() {
    std::uint32_t value = 0;
    if (rest_.size() < sizeof value) {
      throw MilterError(MilterError::Kind::protocol, "reply too short for a number");
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return ntohl(value);
  }

  std::string string() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      throw MilterError(MilterError::Kind::protocol, "string in a reply has no end");
    }
    std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return value;
  }

 private:
  std::string_view rest_;
};

}  // namespace dkim::test
