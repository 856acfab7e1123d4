// The metrics show how often the key cache reads a domain's keys.
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include <fstream>

#include "crypto/error.hpp"
#include "milter/key_cache.hpp"
#include "tests/milter/metrics/metrics_text.hpp"
#include "tests/milter/milter_store.hpp"

namespace dkim::test {
namespace {

// libconfig leaks with each syntax error: a damaged manifest must not be parsed for each message.
TEST(KeyCacheLookUps, RememberADamagedManifestUntilItIsRepaired) {
  MilterStore store;
  milter::Metrics metrics;
  milter::KeyCache cache(crypto::KeyStore(store.path()), metrics);
  const auto domain = *canon::DomainName::parse("example.com");
  store.add_key("example.com", "a");
  const auto path = store.path() / "example.com" / "keys.conf";
  std::string whole;
  std::getline(std::ifstream(path), whole, '\0');
  std::ofstream(path) << "format = 1; keys = ( { selector = \"";
  store.let_settle("example.com");
  EXPECT_THROW(cache.find(domain), crypto::SettingsError);
  EXPECT_EQ(cache.size(), 1U);
  for (int i = 0; i < 5; ++i)
    EXPECT_THROW(cache.find(domain), crypto::SettingsError);
  const auto look_ups = samples_of(metrics.text({}));
  EXPECT_EQ(look_ups.at("dkimsignd_key_cache_lookups_total{result=\"miss\"}"), 1) << "it was parsed again";
  EXPECT_EQ(look_ups.at("dkimsignd_key_cache_lookups_total{result=\"hit\"}"), 5);
  std::ofstream(path) << whole;
  const auto keys = cache.find(domain);
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(keys->active.at(0).selector.str(), "a");
}

}  // namespace
}  // namespace dkim::test
