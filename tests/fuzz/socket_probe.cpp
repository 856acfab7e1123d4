// keytool/doctor/host/socket_probe: whatever answers on the socket, the probe ends, and takes only a
// negotiation for the answer of a milter.
#include "keytool/doctor/host/socket_probe.hpp"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "tests/fuzz/require.hpp"
#include "tests/support/unix_socket.hpp"

using namespace dkim;

namespace {

// Listens as long as the process lives.
class Listener {
 public:
  Listener() {
    std::string directory = std::filesystem::temp_directory_path() / "fuzz-probe-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) std::abort();
    path_ = std::filesystem::path(directory) / "socket";
    fd_.emplace(test::bound_socket(path_, SOCK_STREAM, 8));
  }
  ~Listener() { std::filesystem::remove_all(path_.parent_path()); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return fd_->get(); }

 private:
  std::filesystem::path path_;
  std::optional<crypto::FileDescriptor> fd_;
};

// Returns whether this is what the probe expects of a milter: a length, 'O' and three numbers.
bool is_negotiation(const std::uint8_t* data, std::size_t size) {
  if (size < 17 || data[4] != 'O') return false;
  const auto length = (std::uint32_t{data[0]} << 24U) | (std::uint32_t{data[1]} << 16U) |
                      (std::uint32_t{data[2]} << 8U) | data[3];
  return length >= 13 && length <= 65536;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Listener listener;
  std::thread peer([&] {
    const int fd = accept(listener.descriptor(), nullptr, nullptr);
    if (fd < 0) return;
    [[maybe_unused]] const auto sent = send(fd, data, size, MSG_NOSIGNAL);
    // Ends the sending, not the connection: a reset would discard what was sent.
    shutdown(fd, SHUT_WR);
    char bytes[64];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
    close(fd);
  });
  const auto probe = keytool::probe_unix_socket(listener.path(), std::nullopt);
  peer.join();
  const bool milter = probe.outcome == keytool::SocketProbe::Outcome::milter;
  test::require(milter == is_negotiation(data, size),
                "a negotiation counts as a milter, and nothing else does");
  return 0;
}
