// The octets of one connection from the MTA that have been taken from its socket and not yet given to
// libmilter, in packets: four octets of length, a command, its data.
//
// Used by milter/libmilter/read_ahead, by one thread at a time. What is empty may be made to keep no memory.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace dkim::milter {

// A header field comes in one packet. libmilter ends a connection that sends a larger one, and would do so at
// 64 KiB; Postfix has fields of up to 100 KiB (header_size_limit), and their message would never leave. More
// than a session keeps of a header (milter/session), so that it is the session that says no.
constexpr std::size_t largest_packet = (1 << 20) + 65536;

class PacketBuffer {
 public:
  enum class Took { octets, nothing, end, no_memory };

  PacketBuffer() = default;
  PacketBuffer(PacketBuffer&& other) noexcept { swap(other); }
  PacketBuffer& operator=(PacketBuffer&& other) noexcept {
    PacketBuffer(std::move(other)).swap(*this);
    return *this;
  }
  ~PacketBuffer() = default;

  // Takes what is there without waiting: as much as the packet at the head lacks, or as is there of it, and
  // some more. The end is the peer's or an error.
  Took take_from(int socket) noexcept;

  bool empty() const { return begin_ == end_; }
  bool has_whole_packet() const { return size() >= packet_size(); }
  // The command at the head, if the packet is there as far as that.
  std::optional<char> command() const;
  // The size of the packet at the head as libmilter reads it: five octets, then what the length says. A
  // length that is nonsense is for libmilter to judge, after those five.
  std::size_t packet_size() const;

  // Copies out at most that many; gives their number.
  std::size_t give(void* target, std::size_t most);
  // Puts octets before all others. Throws std::bad_alloc.
  void put_first(std::string_view octets);
  // Without octets, as new or with a little memory for the next ones.
  void forget();

 private:
  void swap(PacketBuffer& other) noexcept {
    std::swap(octets_, other.octets_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }
  std::size_t size() const { return end_ - begin_; }
  // Throws std::bad_alloc.
  void make_room(std::size_t before, std::size_t behind);

  std::unique_ptr<char[]> octets_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace dkim::milter
