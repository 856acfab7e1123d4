// The domains and keys of a store that metrics show, and how much of the store is read for them.
#include "milter/metrics/key_watch.hpp"

#include <gtest/gtest.h>

#include "crypto/store/membership.hpp"
#include "milter/metrics/key_metrics.hpp"
#include "milter/metrics/metrics.hpp"
#include "tests/milter/metrics/metrics_text.hpp"
#include "tests/milter/milter_store.hpp"

namespace dkim::test {
namespace {

using crypto::Algorithm;
using crypto::KeyState;

class KeyWatchTest : public testing::Test {
 protected:
  milter::StoreReport look(std::size_t most = 100) { return watch_.look(files_, cache_, most); }

  std::string names(const milter::StoreReport& report) {
    std::string out;
    for (const auto& domain : report.domains)
      out += (out.empty() ? "" : " ") + domain.name.str();
    return out + (report.cut ? ", cut" : "");
  }

  void use(std::string_view domain) { EXPECT_NE(cache_.find(domain_name(domain)), nullptr); }

  // Returns the series of the keys, as they are written.
  Samples samples() { return samples_of(milter::Metrics().text(milter::key_metrics(look()))); }

  MilterStore store_;
  crypto::KeyStore files_{store_.path()};
  milter::Metrics metrics_;
  milter::KeyCache cache_{files_, metrics_, 8};
  milter::KeyWatch watch_;
};

TEST_F(KeyWatchTest, ShowsAllDomainsUpToTheLimit) {
  EXPECT_EQ(names(look()), "");
  for (const char* domain : {"c.example", "a.example", "b.example"})
    store_.add_key(domain, "s");
  std::filesystem::create_directory(store_.path() / "empty.example");
  write_file(store_.path() / "no domain at all", "");
  EXPECT_EQ(names(look(3)), "a.example b.example c.example");
  std::filesystem::remove_all(store_.path() / "b.example");
  EXPECT_EQ(names(look(3)), "a.example c.example");
}

TEST_F(KeyWatchTest, ShowsTheLastUsedDomainsPastTheLimit) {
  for (const char* domain : {"a.example", "b.example", "c.example", "d.example"})
    store_.add_key(domain, "s");
  EXPECT_EQ(names(look(2)), ", cut");
  use("d.example");
  EXPECT_EQ(names(look(2)), "d.example, cut");
  use("b.example");
  use("a.example");
  // d.example stays while it is among the last eight that were used, so that series do not come and go.
  EXPECT_EQ(names(look(2)), "a.example d.example, cut");
  for (int i = 0; i < 8; ++i) {
    store_.add_key("x" + std::to_string(i) + ".example", "s");
    use("x" + std::to_string(i) + ".example");
  }
  EXPECT_EQ(names(look(2)), "x6.example x7.example, cut");
}

TEST_F(KeyWatchTest, AHugeDirectoryIsNotReadToItsEnd) {
  store_.add_key("example.com", "s");
  for (int i = 0; i < 1002; ++i)
    std::filesystem::create_directory(store_.path() / ("no-store-" + std::to_string(i)));
  EXPECT_TRUE(look(1).cut);
}

TEST_F(KeyWatchTest, ReadsAManifestOnlyIfItHasChanged) {
  store_.add_key("example.com", "a");
  store_.let_settle("example.com");
  const auto first = look().domains.at(0).manifest;
  EXPECT_EQ(look().domains.at(0).manifest, first);
  store_.add_key("example.com", "b");
  const auto second = look().domains.at(0).manifest;
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->keys.size(), 2U);
}

TEST_F(KeyWatchTest, ReportsWhatCannotBeRead) {
  store_.add_key("bad.example", "s");
  store_.add_key("good.example", "s");
  write_file(store_.manifest("bad.example"), "keys = (");
  const auto report = look();
  ASSERT_EQ(names(report), "bad.example good.example");
  EXPECT_EQ(report.domains[0].manifest, nullptr);
  const auto series = samples();
  EXPECT_EQ(series.at("dkimsignd_domain_manifest_readable{domain=\"bad.example\"}"), 0);
  EXPECT_EQ(series.at("dkimsignd_domain_manifest_readable{domain=\"good.example\"}"), 1);
  EXPECT_EQ(series.at("dkimsignd_key_store_readable"), 1);

  std::filesystem::remove_all(store_.path());
  EXPECT_FALSE(look().readable);
  EXPECT_EQ(samples().at("dkimsignd_key_store_readable"), 0);
  std::filesystem::create_directory(store_.path());
  EXPECT_TRUE(look().readable);
}

TEST_F(KeyWatchTest, ShowsTheEndOfTheLeaseOfACopy) {
  const std::string name = "dkimsignd_lease_end_timestamp_seconds";
  EXPECT_FALSE(samples().contains(name));
  // The cache of a daemon looks again after a second.
  const auto shown = [&] {
    milter::KeyCache cache(files_, metrics_, 8);
    return samples_of(milter::Metrics().text(milter::key_metrics(watch_.look(files_, cache, 100)))).at(name);
  };
  crypto::write_lease(files_, *crypto::parse_utc_time("2026-11-27T12:00:00Z"));
  EXPECT_EQ(shown(), 1795780800);
  write_file(crypto::lease_path(files_), "damaged");
  EXPECT_EQ(shown(), 0);
}

TEST_F(KeyWatchTest, ShowsTheStateAndTimesOfAKey) {
  store_.add_key("example.com", "old");
  store_.add_key("example.com", "new");
  store_.add_key("example.com", "next", Algorithm::rsa, KeyState::pending);
  store_.activate_only("example.com", {"new"});
  const auto series = samples();
  const auto labels = [](const std::string& selector, const std::string& algorithm = "ed25519") {
    return "domain=\"example.com\",selector=\"" + selector + "\",algorithm=\"" + algorithm + "\"";
  };
  EXPECT_EQ(series.count("dkimsignd_key_state{" + labels("old") + ",state=\"retiring\"}"), 1U);
  EXPECT_EQ(series.count("dkimsignd_key_state{" + labels("old") + ",state=\"active\"}"), 0U);
  EXPECT_EQ(series.at("dkimsignd_key_state{" + labels("new") + ",state=\"active\"}"), 1);
  const auto manifest = files_.read_manifest(domain_name("example.com"))->manifest;
  const auto* key = manifest.find(selector("new"));
  EXPECT_EQ(series.at("dkimsignd_key_created_timestamp_seconds{" + labels("new") + "}"),
            static_cast<double>(key->created.time_since_epoch().count()));
  EXPECT_EQ(series.count("dkimsignd_key_activated_timestamp_seconds{" + labels("next", "rsa") + "}"), 0U);
  const std::string active = "dkimsignd_domain_active_keys{domain=\"example.com\",algorithm=";
  EXPECT_EQ(series.at(active + "\"ed25519\"}"), 1);
  EXPECT_EQ(series.at(active + "\"rsa\"}"), 0);
}

// Rotation leaves revoked keys behind forever: they must not create series forever.
TEST_F(KeyWatchTest, ShowsALimitedNumberOfKeysOfADomain) {
  for (int i = 0; i < 20; ++i)
    store_.add_key("example.com", "s" + std::to_string(i), Algorithm::ed25519, KeyState::retiring);
  store_.add_key("example.com", "gone", Algorithm::ed25519, KeyState::revoked);
  int states = 0;
  for (const auto& [series, value] : samples()) {
    if (!series.starts_with("dkimsignd_key_state")) continue;
    ++states;
    EXPECT_EQ(series.find("gone"), std::string::npos);
    EXPECT_EQ(series.find("\"s3\""), std::string::npos) << "only the latest keys are shown";
  }
  EXPECT_EQ(states, 16);
}

}  // namespace
}  // namespace dkim::test
