#include "canon/squeeze_x86.hpp"

#ifdef DKIMSIGND_SQUEEZE_X86

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstdint>

#define AVX2 [[gnu::target("avx2,bmi,popcnt")]]
#define AVX512 [[gnu::target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt")]]

namespace dkim::canon {
namespace {

// For each set of eight bytes, one bit a byte, where the bytes of the set are: `pshufb` moves them to the
// front.
using Places = std::array<std::uint8_t, 8>;
constexpr auto places_of = [] {
  std::array<Places, 256> table{};
  for (unsigned set = 0; set < table.size(); ++set) {
    std::size_t n = 0;
    for (std::uint8_t place = 0; place < 8; ++place) {
      if ((set >> place & 1U) != 0) table[set][n++] = place;
    }
  }
  return table;
}();

AVX2 __m256i load_avx2(const char* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

AVX2 __m256i equal_avx2(__m256i bytes, char c) {
  return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c));
}

AVX2 __m256i space_avx2(__m256i bytes) {
  return _mm256_or_si256(equal_avx2(bytes, ' '), equal_avx2(bytes, '\t'));
}

// Writes the bytes of a half that are in the set to the front of `to`, and some more behind them. Returns how
// many they are.
AVX2 std::size_t keep_half(__m128i bytes, std::uint32_t set, char* to) {
  const auto places = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(places_of[set].data()));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(bytes, places));
  return static_cast<std::size_t>(std::popcount(set));
}

AVX2 std::size_t keep(__m128i bytes, std::uint32_t set, char* to) {
  const std::size_t first = keep_half(bytes, set & 0xffU, to);
  return first + keep_half(_mm_srli_si128(bytes, 8), set >> 8 & 0xffU, to + first);
}

constexpr std::size_t half_block = Squeeze::block / 2;

}  // namespace

bool have_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}

AVX2 Squeezed squeeze_avx2(std::string_view text, std::span<char> out) {
  std::size_t taken = 0;
  std::size_t written = 0;
  while (text.size() - taken >= Squeeze::least_text && out.size() - written >= Squeeze::least_room) {
    const char* const block = text.data() + taken;
    __m256i bytes[2];
    __m256i dropped[2];
    __m256i lone_lf = _mm256_setzero_si256();
    for (std::size_t i = 0; i < 2; ++i) {
      const char* const at = block + i * half_block;
      const __m256i read = load_avx2(at);
      const __m256i next = load_avx2(at + 1);
      const __m256i after = load_avx2(at + 2);
      const __m256i lf_next = equal_avx2(next, '\n');
      const __m256i line_ends =
          _mm256_or_si256(lf_next, _mm256_and_si256(equal_avx2(next, '\r'), equal_avx2(after, '\n')));
      dropped[i] = _mm256_and_si256(space_avx2(read), _mm256_or_si256(space_avx2(next), line_ends));
      lone_lf = _mm256_or_si256(lone_lf, _mm256_andnot_si256(equal_avx2(read, '\r'), lf_next));
      bytes[i] = _mm256_blendv_epi8(read, _mm256_set1_epi8(' '), equal_avx2(read, '\t'));
    }
    if (_mm256_testz_si256(lone_lf, lone_lf) == 0) break;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto kept = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(dropped[i]));
      written += keep(_mm256_castsi256_si128(bytes[i]), kept, out.data() + written);
      written += keep(_mm256_extracti128_si256(bytes[i], 1), kept >> 16, out.data() + written);
    }
    taken += Squeeze::block;
  }
  return {taken, written};
}

bool have_avx512() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") && have_avx2();
}

AVX512 Squeezed squeeze_avx512(std::string_view text, std::span<char> out) {
  const __m512i sp = _mm512_set1_epi8(' ');
  const __m512i htab = _mm512_set1_epi8('\t');
  const __m512i cr = _mm512_set1_epi8('\r');
  const __m512i lf = _mm512_set1_epi8('\n');
  std::size_t taken = 0;
  std::size_t written = 0;
  while (text.size() - taken >= Squeeze::least_text && out.size() - written >= Squeeze::least_room) {
    const char* const block = text.data() + taken;
    const __m512i bytes = _mm512_loadu_si512(block);
    const __m512i next = _mm512_loadu_si512(block + 1);
    const __m512i after = _mm512_loadu_si512(block + 2);
    const __mmask64 htabs = _mm512_cmpeq_epi8_mask(bytes, htab);
    const __mmask64 lf_next = _mm512_cmpeq_epi8_mask(next, lf);
    if ((lf_next & ~_mm512_cmpeq_epi8_mask(bytes, cr)) != 0) break;
    const __mmask64 line_ends =
        lf_next | (_mm512_cmpeq_epi8_mask(next, cr) & _mm512_cmpeq_epi8_mask(after, lf));
    const __mmask64 space_next = _mm512_cmpeq_epi8_mask(next, sp) | _mm512_cmpeq_epi8_mask(next, htab);
    const __mmask64 dropped = (_mm512_cmpeq_epi8_mask(bytes, sp) | htabs) & (space_next | line_ends);
    const __m512i kept = _mm512_maskz_compress_epi8(~dropped, _mm512_mask_mov_epi8(bytes, htabs, sp));
    _mm512_storeu_si512(out.data() + written, kept);
    taken += Squeeze::block;
    written += static_cast<std::size_t>(std::popcount(~dropped));
  }
  return {taken, written};
}

}  // namespace dkim::canon

#endif
