// Benchmarks the message text layer: the canonicalizers on each shape of body, without and with SHA-256;
// SHA-256 alone; header fields; and the mailbox parser. On a busy machine, only the ratios of
// tests/bench/body_ratio are reliable.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "canon/body_canon.hpp"
#include "canon/header_canon.hpp"
#include "canon/line_endings.hpp"
#include "canon/mailbox.hpp"
#include "crypto/digest.hpp"
#include "tests/bench/texts.hpp"

namespace {

using dkim::bench::Shape;
using dkim::canon::BodyCanonicalizer;
using dkim::canon::Canonicalization;

constexpr std::size_t body_octets = 1 << 20;
// The MTA sends chunks of this size.
constexpr std::size_t chunk_octets = 65535;

template <typename Consumer>
void for_each_chunk(std::string_view body, const Consumer& consume) {
  for (; !body.empty(); body.remove_prefix(std::min(chunk_octets, body.size()))) {
    consume(body.substr(0, chunk_octets));
  }
}

void canonicalize(benchmark::State& state, Canonicalization algorithm, Shape shape, bool with_hash) {
  const std::string body = dkim::bench::body_text(shape, body_octets);
  for (auto _ : state) {
    BodyCanonicalizer canonicalizer(algorithm);
    dkim::crypto::Sha256 hash;
    const BodyCanonicalizer::Sink sink = [&](std::string_view octets) {
      if (with_hash) {
        hash.update(octets);
      } else {
        benchmark::DoNotOptimize(octets.data());
      }
    };
    for_each_chunk(body, [&](std::string_view chunk) { canonicalizer.update(chunk, sink); });
    canonicalizer.finish(sink);
    if (with_hash) benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void plain_sha256(benchmark::State& state) {
  const std::string body = dkim::bench::body_text(Shape::plain, body_octets);
  for (auto _ : state) {
    dkim::crypto::Sha256 hash;
    for_each_chunk(body, [&](std::string_view chunk) { hash.update(chunk); });
    benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(plain_sha256)->Name("sha256/plain");

void canonical_header(benchmark::State& state, Canonicalization algorithm) {
  const auto alert = dkim::bench::alert_fields("example.com");
  std::int64_t octets = 0;
  for (auto _ : state) {
    for (const auto& field : alert) {
      const dkim::canon::HeaderField wire{field.name, dkim::canon::to_crlf(field.value)};
      benchmark::DoNotOptimize(dkim::canon::canonical_field(algorithm, wire));
      octets += static_cast<std::int64_t>(field.name.size() + field.value.size());
    }
  }
  state.SetBytesProcessed(octets);
}
BENCHMARK_CAPTURE(canonical_header, simple, Canonicalization::simple)->Name("header/simple");
BENCHMARK_CAPTURE(canonical_header, relaxed, Canonicalization::relaxed)->Name("header/relaxed");

void mailboxes(benchmark::State& state, std::string_view value) {
  for (auto _ : state)
    benchmark::DoNotOptimize(dkim::canon::parse_mailboxes(value));
}
BENCHMARK_CAPTURE(mailboxes, bare, " alerts@example.com")->Name("mailbox/bare");
BENCHMARK_CAPTURE(mailboxes, named, " Prometheus Alerts <alerts@server.example.com>")->Name("mailbox/named");
BENCHMARK_CAPTURE(mailboxes, quoted,
                  " \"Doe, \\\"J\\\" (ops)\" (on call\r\n (nested)) <john.doe@example.com>")
    ->Name("mailbox/quoted");

void register_bodies() {
  for (const Canonicalization algorithm : {Canonicalization::simple, Canonicalization::relaxed}) {
    for (const Shape shape : dkim::bench::all_shapes) {
      for (const bool with_hash : {false, true}) {
        const std::string name = std::string("body/") +
                                 (algorithm == Canonicalization::simple ? "simple/" : "relaxed/") +
                                 std::string(name_of(shape)) + (with_hash ? "/sha256" : "");
        benchmark::RegisterBenchmark(name.c_str(), canonicalize, algorithm, shape, with_hash);
      }
    }
  }
}

const bool bodies_registered = (register_bodies(), true);

}  // namespace
