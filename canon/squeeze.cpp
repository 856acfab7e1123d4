#include "canon/squeeze.hpp"

#include <bit>
#include <cstdint>
#include <vector>

#include "canon/byte_vector.hpp"
#include "canon/squeeze_x86.hpp"

namespace dkim::canon {
namespace {

constexpr std::size_t vectors = Squeeze::block / sizeof(ByteVector);

struct Verdict {
  std::uint64_t dropped = 0;  // a bit for each byte of the block
  bool lone_lf = false;
};

Verdict judge(const char* block) {
  Verdict verdict;
  ByteVector lone_lf{};
  for (std::size_t i = 0; i < vectors; ++i) {
    const char* const at = block + i * sizeof(ByteVector);
    const ByteVector bytes = load_bytes(at);
    const ByteVector next = load_bytes(at + 1);
    const ByteVector after = load_bytes(at + 2);
    const ByteVector line_ends = mask_of((next == '\n') | ((next == '\r') & (after == '\n')));
    verdict.dropped |= bits_of(wsp_mask(bytes) & (wsp_mask(next) | line_ends)) << (i * sizeof(ByteVector));
    lone_lf |= mask_of((next == '\n') & (bytes != '\r'));
  }
  verdict.lone_lf = any(lone_lf);
  return verdict;
}

// Copies a block, with each HTAB as SP.
void copy(const char* from, char* to) {
  for (std::size_t i = 0; i < vectors; ++i) {
    ByteVector bytes = load_bytes(from + i * sizeof(ByteVector));
    bytes ^= mask_of(bytes == '\t') & ('\t' ^ ' ');
    store_bytes(bytes, to + i * sizeof(ByteVector));
  }
}

// Copies the block whole, and then once more from behind each run of dropped bytes over that run. What is
// copied beyond the block is overwritten by the next one.
Squeezed squeeze(std::string_view text, std::span<char> out) {
  std::size_t taken = 0;
  std::size_t written = 0;
  while (text.size() - taken >= Squeeze::least_text && out.size() - written >= Squeeze::least_room) {
    const char* const block = text.data() + taken;
    const Verdict verdict = judge(block);
    if (verdict.lone_lf) break;
    char* to = out.data() + written;
    copy(block, to);
    std::size_t kept = Squeeze::block;
    for (std::uint64_t dropped = verdict.dropped; dropped != 0;) {
      // Adding the lowest bit of a run clears the run and sets the bit behind it.
      const std::uint64_t behind = dropped + (dropped & -dropped);
      const auto begin = static_cast<std::size_t>(std::countr_zero(dropped));
      const auto end =
          static_cast<std::size_t>(std::countr_zero(behind));  // 64 if it reaches the block's end
      copy(block + end, to + begin - (Squeeze::block - kept));
      kept -= end - begin;
      dropped &= behind;
    }
    taken += Squeeze::block;
    written += kept;
  }
  return {taken, written};
}

std::vector<Squeeze> make_list() {
  std::vector<Squeeze> list{{"baseline", squeeze}};
#ifdef DKIMSIGND_SQUEEZE_X86
  if (have_avx2()) list.push_back({"AVX2", squeeze_avx2});
  if (have_avx512()) list.push_back({"AVX-512", squeeze_avx512});
#endif
  return list;
}

}  // namespace

std::span<const Squeeze> squeezes() {
  static const std::vector<Squeeze> list = make_list();
  return list;
}

}  // namespace dkim::canon
