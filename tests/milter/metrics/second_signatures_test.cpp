// Second signatures in the metrics.
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include "milter/metrics/metrics.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/milter/metrics/metrics_text.hpp"

namespace dkim::test {
namespace {

// A message counts once, whoever signs it.
TEST(Metrics, SecondSignaturesCountAsSignatures) {
  const auto lent = [](const crypto::PrivateKey& key) {
    return std::shared_ptr<const crypto::PrivateKey>(&key, [](const crypto::PrivateKey*) {});
  };
  crypto::SigningIdentity identity{domain_name("example.com"), {{selector("a"), lent(ed25519_key())}}, {}};
  identity.second.push_back({domain_name("esp.example"),
                             {{selector("e"), lent(rsa_key())}, {selector("f"), lent(other_rsa_key())}}});
  milter::Metrics metrics;
  const auto before = samples_of(metrics.text({}));
  metrics.message_signed(identity, 10, std::chrono::microseconds(1));
  const auto grown = increase(before, samples_of(metrics.text({})));
  EXPECT_EQ(grown.at("dkimsignd_messages_signed_total{algorithms=\"both\"}"), 1);
  EXPECT_EQ(grown.at("dkimsignd_signatures_total{algorithm=\"rsa-sha256\"}"), 2);
  EXPECT_EQ(grown.at("dkimsignd_signatures_total{algorithm=\"ed25519-sha256\"}"), 1);
  EXPECT_EQ(grown.at("dkimsignd_signing_duration_seconds_count"), 1);
}

}  // namespace
}  // namespace dkim::test
