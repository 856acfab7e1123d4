// The socket below milter_client: packets (length, command, payload) with a bound on every wait.
// Throws MilterError on failure.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace dkim::test {

class MilterError : public std::runtime_error {
 public:
  enum class Kind { timeout, closed, protocol, system };

  MilterError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

class MilterConnection {
 public:
  using Milliseconds = std::chrono::milliseconds;

  MilterConnection(const std::string& endpoint, Milliseconds timeout);
  ~MilterConnection();
  MilterConnection(MilterConnection&& other) noexcept;
  MilterConnection& operator=(MilterConnection&& other) noexcept;

  static std::string packet(char command, std::string_view payload);

  // Buffers small packets; a large one goes out at once, after all that are buffered.
  void put(char command, std::string_view payload);
  void put_raw(std::string_view bytes);
  void flush();

  // Flushes, then waits for a whole packet. The view is valid until the next call.
  std::pair<char, std::string_view> read_packet();

  bool readable_within(Milliseconds time) const;
  bool closed_within(Milliseconds time);
  void close();
  int descriptor() const { return socket_; }

 private:
  void write(std::string_view tail);
  void fill();

  int socket_ = -1;
  std::string out_;
  std::string in_;
  std::size_t in_start_ = 0;
};

}  // namespace dkim::test
