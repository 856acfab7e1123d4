// `body_ratio [REPETITIONS]` prints how much of the speed of plain SHA-256 is left with canonicalization, for
// both algorithms and each shape of body.
//
// It is reliable on a busy machine: each repetition times plain SHA-256 and then the canonicalizer with
// SHA-256 on the same bytes, in CPU time of this thread, and the median of the ratios counts.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "canon/body_canon.hpp"
#include "canon/squeeze.hpp"
#include "crypto/digest.hpp"
#include "tests/bench/texts.hpp"

namespace {

using dkim::canon::BodyCanonicalizer;
using dkim::canon::Canonicalization;
using dkim::canon::Squeeze;
using dkim::crypto::Sha256;

constexpr std::size_t body_octets = 1 << 20;
constexpr std::size_t chunk_octets = 65535;  // the MTA sends chunks of this size

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Keeps the compiler from removing the work because its result is unused.
volatile unsigned char kept;

double time_plain(std::string_view body) {
  const double begin = cpu_seconds();
  Sha256 hash;
  for (; !body.empty(); body.remove_prefix(std::min(chunk_octets, body.size())))
    hash.update(body.substr(0, chunk_octets));
  kept = hash.finish()[0];
  return cpu_seconds() - begin;
}

double time_canonical(std::string_view body, Canonicalization algorithm, const Squeeze& squeeze) {
  const double begin = cpu_seconds();
  Sha256 hash;
  BodyCanonicalizer canonicalizer(algorithm, squeeze);
  const BodyCanonicalizer::Sink sink = [&hash](std::string_view octets) { hash.update(octets); };
  for (; !body.empty(); body.remove_prefix(std::min(chunk_octets, body.size())))
    canonicalizer.update(body.substr(0, chunk_octets), sink);
  canonicalizer.finish(sink);
  kept = hash.finish()[0];
  return cpu_seconds() - begin;
}

double at(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void print_row(Canonicalization algorithm, const Squeeze& squeeze, dkim::bench::Shape shape,
               std::size_t repetitions) {
  const std::string body = dkim::bench::body_text(shape, body_octets);
  std::vector<double> ratios;
  std::vector<double> plain_times;
  time_plain(body);
  time_canonical(body, algorithm, squeeze);
  for (std::size_t i = 0; i < repetitions; ++i) {
    plain_times.push_back(time_plain(body));
    ratios.push_back(plain_times.back() / time_canonical(body, algorithm, squeeze));
  }
  std::sort(ratios.begin(), ratios.end());
  std::sort(plain_times.begin(), plain_times.end());
  const double plain_rate = static_cast<double>(body.size()) / at(plain_times, 0.5) / 1e6;
  std::printf("| %s | %s | %s | %.0f | %.0f | %.0f %% | %.0f to %.0f %% |\n",
              algorithm == Canonicalization::simple ? "simple" : "relaxed",
              algorithm == Canonicalization::simple ? "any" : std::string(squeeze.instruction_set).c_str(),
              std::string(name_of(shape)).c_str(), plain_rate, plain_rate * at(ratios, 0.5),
              100 * at(ratios, 0.5), 100 * at(ratios, 0.25), 100 * at(ratios, 0.75));
}

}  // namespace

int main(int argc, char** argv) {
  const long repetitions = argc > 1 ? std::atol(argv[1]) : 200;
  if (argc > 2 || repetitions < 1 || repetitions > 1000000) {
    std::fputs("body_ratio [REPETITIONS]\n", stderr);
    return 2;
  }
  const auto count = static_cast<std::size_t>(repetitions);
  const auto squeezes = dkim::canon::squeezes();
  std::puts(
      "| body | instructions | shape | SHA-256 alone, MB/s | canonicalized, MB/s | ratio | middle half |");
  std::puts("| --- | --- | --- | --- | --- | --- | --- |");
  for (const Squeeze& squeeze : squeezes) {
    for (const dkim::bench::Shape shape : dkim::bench::all_shapes)
      print_row(Canonicalization::relaxed, squeeze, shape, count);
  }
  // Simple leaves white space alone: nothing is squeezed.
  for (const dkim::bench::Shape shape : dkim::bench::all_shapes)
    print_row(Canonicalization::simple, squeezes.back(), shape, count);
  return 0;
}
