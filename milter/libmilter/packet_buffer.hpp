// The bytes of one connection from the MTA that were taken from its socket and not yet given to libmilter, in
// packets: four bytes of length, a command, its data.
//
// Used by one thread at a time. An empty buffer can give its memory back.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace dkim::milter {

// In bytes. A header field comes in one packet. libmilter ends a connection that sends a larger packet than
// its limit, which is 64 KiB by default; Postfix has fields of up to 100 KiB (header_size_limit), and their
// message would never leave. This limit is above what a session keeps of a header (milter/session), so that
// the session refuses it.
constexpr std::size_t largest_packet = (1 << 20) + 65536;

class PacketBuffer {
 public:
  enum class Took { bytes, nothing, end, no_memory };

  PacketBuffer() = default;
  PacketBuffer(PacketBuffer&& other) noexcept { swap(other); }
  PacketBuffer& operator=(PacketBuffer&& other) noexcept {
    PacketBuffer(std::move(other)).swap(*this);
    return *this;
  }
  ~PacketBuffer() = default;

  // Takes what the socket has, without waiting. Memory grows only with what has come of a packet, never with
  // what its length promises. Returns "end" if the peer has closed the connection, and after an error.
  Took take_from(int socket) noexcept;

  bool empty() const { return begin_ == end_; }
  bool has_whole_packet() const { return size() >= packet_size(); }
  // Returns the command at the head, if that much of the packet is here.
  std::optional<char> command() const;
  // Returns the size of the packet at the head, in bytes, as libmilter reads it: five bytes, then as many as
  // the length says. If the length is nonsense, five: libmilter then judges it.
  std::size_t packet_size() const;

  // Moves at most that many bytes to target and returns their number.
  std::size_t give(void* target, std::size_t most);
  // Puts bytes ahead of all others. Throws std::bad_alloc.
  void put_first(std::string_view bytes);
  // Drops all bytes, and the memory as well unless there is little of it.
  void forget();

 private:
  void swap(PacketBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }
  std::size_t size() const { return end_ - begin_; }
  // Makes room for that many bytes before and behind the content. Throws std::bad_alloc.
  void make_room(std::size_t before, std::size_t behind);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace dkim::milter
