// Benchmarks signatures, in one run: OpenSSL alone, PrivateKey, and a whole 2 kB message through the signer.
// "shared" is one key for all threads, as in the daemon; "own" is a key for each thread. The difference is
// what threads lose by sharing a key (RSA blinding, reference counts).
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "canon/line_endings.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/openssl.hpp"
#include "crypto/signatures/signer.hpp"
#include "tests/bench/texts.hpp"

namespace {

using dkim::crypto::Algorithm;
using dkim::crypto::Digest;
using dkim::crypto::PrivateKey;

constexpr int most_threads = 4;

PrivateKey make_key(Algorithm algorithm) {
  return PrivateKey::generate(algorithm, 2048);
}

// Returns the key of this thread; threads that share a key take the first.
std::shared_ptr<const PrivateKey> key_for(Algorithm algorithm, int thread) {
  static const auto make_all = [](Algorithm of) {
    std::array<std::shared_ptr<const PrivateKey>, most_threads> keys;
    for (auto& key : keys)
      key = std::make_shared<const PrivateKey>(make_key(of));
    return keys;
  };
  static const auto rsa = make_all(Algorithm::rsa);
  static const auto ed25519 = make_all(Algorithm::ed25519);
  return (algorithm == Algorithm::rsa ? rsa : ed25519).at(static_cast<std::size_t>(thread));
}

void openssl_alone(benchmark::State& state, Algorithm algorithm) {
  const Digest digest{1, 2, 3};
  const bool rsa = algorithm == Algorithm::rsa;
  const dkim::crypto::EvpPkeyPtr key(rsa ? EVP_RSA_gen(2048)
                                         : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const dkim::crypto::EvpPkeyCtxPtr rsa_context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (rsa) {
    EVP_PKEY_sign_init(rsa_context.get());
    EVP_PKEY_CTX_set_rsa_padding(rsa_context.get(), RSA_PKCS1_PADDING);
    EVP_PKEY_CTX_set_signature_md(rsa_context.get(), EVP_sha256());
  }
  const dkim::crypto::EvpMdCtxPtr ed_context(EVP_MD_CTX_new());
  std::array<unsigned char, 256> signature{};
  for (auto _ : state) {
    std::size_t length = signature.size();
    int done = 0;
    if (rsa) {
      done = EVP_PKEY_sign(rsa_context.get(), signature.data(), &length, digest.data(), digest.size());
    } else {
      EVP_DigestSignInit(ed_context.get(), nullptr, nullptr, nullptr, key.get());
      done = EVP_DigestSign(ed_context.get(), signature.data(), &length, digest.data(), digest.size());
    }
    if (done != 1) state.SkipWithError("OpenSSL does not sign");
  }
}
BENCHMARK_CAPTURE(openssl_alone, rsa, Algorithm::rsa)->Name("signature/rsa2048/openssl_alone");
BENCHMARK_CAPTURE(openssl_alone, ed25519, Algorithm::ed25519)->Name("signature/ed25519/openssl_alone");

void private_key(benchmark::State& state, Algorithm algorithm, bool shared) {
  const auto key = key_for(algorithm, shared ? 0 : state.thread_index());
  const Digest digest{1, 2, 3};
  for (auto _ : state)
    benchmark::DoNotOptimize(key->sign(digest));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(private_key, rsa_shared, Algorithm::rsa, true)
    ->Name("signature/rsa2048/shared")
    ->ThreadRange(1, most_threads)
    ->UseRealTime();
BENCHMARK_CAPTURE(private_key, rsa_own, Algorithm::rsa, false)
    ->Name("signature/rsa2048/own")
    ->ThreadRange(1, most_threads)
    ->UseRealTime();
BENCHMARK_CAPTURE(private_key, ed_shared, Algorithm::ed25519, true)
    ->Name("signature/ed25519/shared")
    ->ThreadRange(1, most_threads)
    ->UseRealTime();
BENCHMARK_CAPTURE(private_key, ed_own, Algorithm::ed25519, false)
    ->Name("signature/ed25519/own")
    ->ThreadRange(1, most_threads)
    ->UseRealTime();

// Measures all that a 2 kB message costs, except for the protocol. It cannot cost less than the signature by
// OpenSSL alone, above.
void whole_message(benchmark::State& state, Algorithm algorithm) {
  dkim::crypto::SigningSettings settings;
  const auto domain = dkim::canon::DomainName::parse("example.com");
  const auto selector = dkim::canon::Selector::parse("server");
  std::vector<dkim::canon::HeaderField> message;
  for (const auto& field : dkim::bench::alert_fields("example.com"))
    message.push_back({field.name, dkim::canon::to_crlf(field.value)});
  const std::string body = dkim::bench::body_text(dkim::bench::Shape::plain, 1500);
  const auto now = dkim::crypto::UtcTime(std::chrono::seconds(1795500000));
  for (auto _ : state) {
    dkim::crypto::Signer signer(settings, *domain, {{*selector, key_for(algorithm, 0)}});
    signer.body(body);
    benchmark::DoNotOptimize(signer.sign(message, now));
  }
}
BENCHMARK_CAPTURE(whole_message, rsa, Algorithm::rsa)->Name("message/rsa2048");
BENCHMARK_CAPTURE(whole_message, ed25519, Algorithm::ed25519)->Name("message/ed25519");

}  // namespace
