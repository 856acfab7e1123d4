// Sixteen bytes that are compared and combined all at once. Compilers have an instruction for it on nearly
// every processor (SSE2, NEON), and do without where there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dkim::canon {

using ByteVector = unsigned char __attribute__((vector_size(16)));

inline ByteVector load_bytes(const char* from) {
  ByteVector bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

inline void store_bytes(ByteVector bytes, char* to) {
  std::memcpy(to, &bytes, sizeof bytes);
}

// Turns the result of a comparison into a mask: 0xff for each byte for which it holds, 0 for the others.
inline ByteVector mask_of(auto comparison) {
  return reinterpret_cast<ByteVector>(comparison);
}

inline ByteVector wsp_mask(ByteVector bytes) {
  return mask_of((bytes == ' ') | (bytes == '\t'));
}

inline bool any(ByteVector mask) {
  std::uint64_t halves[2];
  std::memcpy(halves, &mask, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// Returns one bit for each byte of a mask, the first byte's lowest.
inline std::uint64_t bits_of(ByteVector mask) {
  std::uint64_t halves[2];
  std::memcpy(halves, &mask, sizeof halves);
  // The product gathers the lowest bits of eight bytes, the first byte's lowest, in its highest byte.
  const auto gather = [](std::uint64_t half) {
    return (half & 0x0101010101010101U) * 0x0102040810204080U >> 56;
  };
  return gather(halves[0]) | gather(halves[1]) << 8;
}

}  // namespace dkim::canon
