#include "milter/libmilter/served_connection.hpp"

#include <arpa/inet.h>
#include <libmilter/mfdef.h>
#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <new>

#include "milter/troubles.hpp"

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): --wrap requires these names
int __real_poll(pollfd* descriptors, nfds_t count, int timeout);
ssize_t __real_writev(int descriptor, const iovec* parts, int count);
// NOLINTEND(bugprone-reserved-identifier)
}

namespace dkim::milter {
namespace {

using Clock = std::chrono::steady_clock;

// An answer has a few bytes, and the kernel buffers thousands for a peer: a peer that works takes it at once.
constexpr int longest_answer = 10'000;  // milliseconds
// A connection keeps its thread as long as one packet follows the other, but no longer than this if others
// wait.
constexpr std::chrono::milliseconds turn{100};

constexpr std::string_view unknown_packet{"\0\0\0\2U\0", 6};

std::uint32_t no_reply_step(char command) {
  switch (command) {
    case SMFIC_CONNECT:
      return SMFIP_NR_CONN;
    case SMFIC_HELO:
      return SMFIP_NR_HELO;
    case SMFIC_MAIL:
      return SMFIP_NR_MAIL;
    case SMFIC_RCPT:
      return SMFIP_NR_RCPT;
    case SMFIC_DATA:
      return SMFIP_NR_DATA;
    case SMFIC_UNKNOWN:
      return SMFIP_NR_UNKN;
    case SMFIC_HEADER:
      return SMFIP_NR_HDR;
    case SMFIC_EOH:
      return SMFIP_NR_EOH;
    case SMFIC_BODY:
      return SMFIP_NR_BODY;
    default:
      return 0;
  }
}

bool never_answered(char command) {
  return command == SMFIC_ABORT || command == SMFIC_MACRO || command == SMFIC_QUIT ||
         command == SMFIC_QUIT_NC;
}

}  // namespace

class Service {
 public:
  void begin(int descriptor, ConnectionState& state) {
    descriptor_ = descriptor;
    state_ = &state;
    bytes_ = state.bytes.empty() ? &spare_ : &state.bytes;
    command_ = SMFIC_QUIT;
    left_ = 0;
    answered_ = ended_ = peer_ended_ = unknown_went_before_ = drop_answer_ = false;
    begun_ = Clock::now();
  }

  void end(ServiceEnd how) {
    if (how == ServiceEnd::connection_is_over) {
      if (!ended_ && !peer_ended_ && command_ != SMFIC_QUIT) troubles().note(Trouble::disorder);
      state_->bytes = {};
    } else if (bytes_ == &spare_) {
      if (!spare_.empty()) state_->bytes = std::move(spare_);
    } else if (bytes_->empty()) {
      state_->bytes = {};
    }
    spare_.forget();
    descriptor_ = -1;
  }

  bool serves(int descriptor) const { return descriptor >= 0 && descriptor == descriptor_; }

  void end_connection() { ended_ = true; }

  void end_connection(Trouble trouble) {
    end_connection();
    troubles().note(trouble);
  }

  int poll_output(pollfd& descriptor, int timeout) {
    const int ready = __real_poll(&descriptor, 1, std::min(timeout, longest_answer));
    if (ready == 0) end_connection(Trouble::deaf);
    return ready;
  }

  // Returns true if libmilter can read: a whole packet, the rest of one, or the end of the connection.
  bool can_read() {
    if (ended_ || left_ > 0) return true;
    if (!answered_ && answer_is_due()) {
      end_connection(Trouble::disorder);
      return true;
    }
    if (!unknown_went_before_ && Clock::now() - begun_ > turn) return false;
    while (!bytes_->has_whole_packet()) {
      if (peer_ended_) return true;
      if (!take_more()) return false;
      if (ended_) return true;
    }
    open_packet();
    return true;
  }

  ssize_t read(void* target, std::size_t most) {
    if (ended_) return 0;
    const std::size_t count = bytes_->give(target, std::min(most, left_));
    left_ -= count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const iovec* parts, int count) {
    answered_ = true;
    if (drop_answer_) {
      drop_answer_ = false;
      ssize_t size = 0;
      for (int i = 0; i < count; ++i)
        size += static_cast<ssize_t>(parts[i].iov_len);
      return size;
    }
    if (command_ == SMFIC_OPTNEG && count == 2) note_negotiation(parts[1]);
    const auto written = __real_writev(descriptor_, parts, count);
    // The MTA has left, which it may at any time.
    if (written < 0 && (errno == EPIPE || errno == ECONNRESET)) peer_ended_ = true;
    return written;
  }

 private:
  bool answer_is_due() const {
    return !never_answered(command_) && (no_reply_step(command_) & state_->unanswered_steps) == 0;
  }

  // Returns false if nothing comes for a millisecond. libmilter waits as long before it turns to something
  // else.
  bool take_more() {
    switch (bytes_->take_from(descriptor_)) {
      case PacketBuffer::Took::bytes:
        return true;
      case PacketBuffer::Took::end:
        peer_ended_ = true;
        return true;
      case PacketBuffer::Took::no_memory:
        end_connection(Trouble::memory);
        return true;
      case PacketBuffer::Took::nothing:
        break;
    }
    pollfd wanted{descriptor_, POLLIN, 0};
    return __real_poll(&wanted, 1, 1) != 0;
  }

  void open_packet() {
    const bool goes_before = bytes_->command() == SMFIC_QUIT_NC && !unknown_went_before_;
    unknown_went_before_ = goes_before;
    if (goes_before) {
      try {
        bytes_->put_first(unknown_packet);
        drop_answer_ = true;
      } catch (const std::exception&) {
        return end_connection(Trouble::memory);
      }
    }
    command_ = bytes_->command().value_or(SMFIC_QUIT);
    left_ = bytes_->packet_size();
    answered_ = false;
  }

  // The payload is version, actions and steps, in network byte order.
  void note_negotiation(const iovec& payload) {
    constexpr std::size_t steps_at = 2 * sizeof(std::uint32_t);
    std::uint32_t steps = 0;
    if (payload.iov_len < steps_at + sizeof steps) return;
    std::memcpy(&steps, static_cast<const char*>(payload.iov_base) + steps_at, sizeof steps);
    state_->unanswered_steps = ntohl(steps);
  }

  int descriptor_ = -1;
  ConnectionState* state_ = nullptr;
  PacketBuffer* bytes_ = nullptr;
  PacketBuffer spare_;  // for connections without held bytes, which are nearly all

  char command_ = SMFIC_QUIT;  // of the packet that libmilter got last
  std::size_t left_ = 0;       // bytes of it that libmilter has not read yet
  bool answered_ = false;      // libmilter has written since then
  bool ended_ = false;         // by us
  bool peer_ended_ = false;    // by the peer, after the bytes that are held
  bool unknown_went_before_ = false;
  bool drop_answer_ = false;
  Clock::time_point begun_;
};

namespace {

thread_local Service* service = nullptr;

}  // namespace

ServingThread::ServingThread() noexcept {
  service_ = new (std::nothrow) Service;
  service = service_;
}

ServingThread::~ServingThread() {
  service = nullptr;
  delete service_;
}

void begin_to_serve(int descriptor, ConnectionState& state) noexcept {
  service->begin(descriptor, state);
}

void end_to_serve(ServiceEnd how) noexcept {
  service->end(how);
}

bool serves(int descriptor) noexcept {
  return service != nullptr && service->serves(descriptor);
}

int poll_served(pollfd& descriptor, int timeout) noexcept {
  if ((descriptor.events & POLLOUT) != 0) return service->poll_output(descriptor, timeout);
  descriptor.revents = service->can_read() ? POLLIN : 0;
  return descriptor.revents != 0 ? 1 : 0;
}

ssize_t read_served(void* target, std::size_t most) noexcept {
  return service->read(target, most);
}

ssize_t write_served(const iovec* parts, int count) noexcept {
  return service->write(parts, count);
}

}  // namespace dkim::milter

extern "C" void dkim_libmilter_lacks_memory() noexcept {
  using namespace dkim::milter;
  if (service != nullptr) {
    service->end_connection(Trouble::memory);
  } else {
    troubles().note(Trouble::memory);
  }
}

extern "C" void dkim_connection_is_refused() noexcept {
  if (dkim::milter::service != nullptr) dkim::milter::service->end_connection();
}
