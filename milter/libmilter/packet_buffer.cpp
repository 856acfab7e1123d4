#include "milter/libmilter/packet_buffer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

namespace dkim::milter {
namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t head_size = length_size + 1;
// Enough for an alert with its header and body in one go.
constexpr std::size_t piece = 8192;
// A chunk of a body has up to 65,535 bytes.
constexpr std::size_t kept_capacity = 96UL * 1024;

}  // namespace

PacketBuffer::Took PacketBuffer::take_from(int socket) noexcept {
  try {
    // A length that is only promised gets no memory.
    const std::size_t lacking = packet_size() - std::min(packet_size(), size());
    make_room(0, std::min(lacking, size()) + piece);
  } catch (const std::exception&) {
    return Took::no_memory;
  }
  ssize_t count = 0;
  do {
    count = ::recv(socket, bytes_.get() + end_, capacity_ - end_, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Took::nothing : Took::end;
  if (count == 0) return Took::end;
  end_ += static_cast<std::size_t>(count);
  return Took::bytes;
}

std::optional<char> PacketBuffer::command() const {
  if (size() < head_size) return std::nullopt;
  return bytes_[begin_ + length_size];
}

std::size_t PacketBuffer::packet_size() const {
  if (size() < head_size) return head_size;
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i)
    length = length << 8U | static_cast<unsigned char>(bytes_[begin_ + i]);
  const bool has_data = length > 1 && length - 1 <= largest_packet;
  return has_data ? length_size + length : head_size;
}

std::size_t PacketBuffer::give(void* target, std::size_t most) {
  const std::size_t count = std::min(most, size());
  std::memcpy(target, bytes_.get() + begin_, count);
  begin_ += count;
  if (empty()) begin_ = end_ = 0;
  return count;
}

void PacketBuffer::put_first(std::string_view bytes) {
  make_room(bytes.size(), 0);
  begin_ -= bytes.size();
  std::memcpy(bytes_.get() + begin_, bytes.data(), bytes.size());
}

void PacketBuffer::forget() {
  begin_ = end_ = 0;
  if (capacity_ <= kept_capacity) return;
  bytes_.reset();
  capacity_ = 0;
}

void PacketBuffer::make_room(std::size_t before, std::size_t behind) {
  if (begin_ >= before && capacity_ - end_ >= behind) return;
  const std::size_t count = size();
  const std::size_t needed = before + count + behind;
  if (needed > capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(needed);
    if (count > 0) std::memcpy(larger.get() + before, bytes_.get() + begin_, count);
    bytes_ = std::move(larger);
    capacity_ = needed;
  } else {
    std::memmove(bytes_.get() + before, bytes_.get() + begin_, count);
  }
  begin_ = before;
  end_ = before + count;
}

}  // namespace dkim::milter
