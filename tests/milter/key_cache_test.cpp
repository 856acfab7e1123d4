#include "milter/key_cache.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "crypto/error.hpp"
#include "tests/milter/milter_store.hpp"

namespace dkim::milter {
namespace {

class KeyCacheTest : public testing::Test {
 protected:
  static canon::DomainName name(std::string_view text) { return *canon::DomainName::parse(text); }

  std::shared_ptr<const crypto::DomainKeys> find(std::string_view domain) {
    return cache_.find(name(domain));
  }

  std::string selectors(std::string_view domain) {
    std::string out;
    const auto keys = find(domain);
    if (keys == nullptr) return "none";
    for (const auto& key : keys->active)
      out += key.selector.str();
    return out;
  }

  test::MilterStore store_;
  Metrics metrics_;
  KeyCache cache_{crypto::KeyStore(store_.path()), metrics_, 2};
};

TEST_F(KeyCacheTest, KnowsNoDomainWithoutAStore) {
  EXPECT_EQ(find("example.com"), nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeyCacheTest, KeepsWhatItLoaded) {
  store_.add_key("example.com", "a");
  store_.let_settle("example.com");
  const auto first = find("example.com");
  EXPECT_EQ(find("example.com"), first);
  // Even the key file is no longer needed.
  std::filesystem::remove(store_.key_file("example.com", "a"));
  EXPECT_EQ(find("example.com"), first);
}

TEST_F(KeyCacheTest, SeesAReplacedManifestAtOnce) {
  store_.add_key("example.com", "a");
  store_.add_key("example.com", "b");
  for (int round = 0; round < 300; ++round) {
    const std::string selector = round % 2 == 0 ? "a" : "b";
    store_.activate_only("example.com", {selector});
    ASSERT_EQ(selectors("example.com"), selector) << "round " << round;
  }
}

// Two manifests of the same size, written to the same inode within one tick of the file system's clock, have
// the same stamp and different contents.
TEST_F(KeyCacheTest, DoesNotTrustAStampAsYoungAsTheClocksTick) {
  store_.add_key("example.com", "a");
  store_.add_key("example.com", "b");
  store_.activate_only("example.com", {"b"});
  const auto manifest = store_.manifest("example.com");
  const std::string with_b = test::read_file(manifest);
  store_.activate_only("example.com", {"a"});
  const std::string with_a = test::read_file(manifest);
  ASSERT_EQ(with_a.size(), with_b.size());
  for (int round = 0; round < 300; ++round) {
    // Overwriting in place keeps the inode, which a rename never does.
    test::write_file(manifest, round % 2 == 0 ? with_a : with_b);
    ASSERT_EQ(selectors("example.com"), round % 2 == 0 ? "a" : "b") << "round " << round;
  }
}

TEST_F(KeyCacheTest, ForgetsARemovedDomain) {
  store_.add_key("example.com", "a");
  store_.let_settle("example.com");
  ASSERT_NE(find("example.com"), nullptr);
  std::filesystem::remove(store_.manifest("example.com"));
  EXPECT_EQ(find("example.com"), nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeyCacheTest, IsBoundedAndDropsTheLeastRecentlyUsed) {
  for (const char* domain : {"a.example", "b.example", "c.example"}) {
    store_.add_key(domain, "s");
    store_.let_settle(domain);
  }
  const auto a = find("a.example");
  const auto b = find("b.example");
  EXPECT_EQ(find("a.example"), a);  // so that b is the least recently used
  const auto c = find("c.example");
  EXPECT_EQ(cache_.size(), 2U);
  EXPECT_EQ(find("a.example"), a);
  EXPECT_EQ(find("c.example"), c);
  EXPECT_NE(find("b.example"), b) << "b was loaded again";
  EXPECT_EQ(cache_.size(), 2U);
  EXPECT_NE(find("a.example"), a) << "and replaced a, which was used before c";
}

TEST_F(KeyCacheTest, DoesNotKeepFailures) {
  store_.add_key("example.com", "a");
  store_.let_settle("example.com");
  const auto key = store_.key_file("example.com", "a");
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  EXPECT_THROW(find("example.com"), crypto::KeyFileError);
  EXPECT_EQ(cache_.size(), 0U);
  ASSERT_EQ(chmod(key.c_str(), 0640), 0);
  EXPECT_NE(find("example.com"), nullptr);
}

TEST_F(KeyCacheTest, ReportsADamagedManifestAndRecovers) {
  store_.add_key("example.com", "a");
  store_.let_settle("example.com");
  ASSERT_NE(find("example.com"), nullptr);
  const auto manifest = store_.manifest("example.com");
  const std::string good = test::read_file(manifest);
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() / 2), std::string("keys = ("), std::string(100, '\0')}) {
    test::write_file(manifest, bad);
    EXPECT_THROW(find("example.com"), crypto::SettingsError) << bad;
  }
  test::write_file(manifest, good);
  EXPECT_EQ(selectors("example.com"), "a");
}

TEST_F(KeyCacheTest, KeysStayUsableForTheirHolder) {
  store_.add_key("example.com", "a");
  const auto held = find("example.com");
  std::filesystem::remove_all(store_.path() / "example.com");
  EXPECT_EQ(find("example.com"), nullptr);
  EXPECT_EQ(held->active.at(0).key->sign({}).size(), 64U);
}

// The manifest may be read just before the change, and the key just after it.
TEST_F(KeyCacheTest, AKeyThatIsRevokedMeanwhileIsNotAnError) {
  store_.add_key("example.com", "k0");
  std::atomic<bool> done = false;
  std::vector<std::string> complaints;
  std::thread reader([&] {
    while (!done) {
      try {
        if (selectors("example.com").empty()) complaints.emplace_back("no key");
      } catch (const crypto::Error& error) {
        complaints.emplace_back(error.what());
      }
    }
  });
  for (int round = 0; round < 100; ++round)
    store_.revoke("example.com", "k" + std::to_string(round), "k" + std::to_string(round + 1));
  done = true;
  reader.join();
  EXPECT_EQ(complaints, std::vector<std::string>());
}

TEST_F(KeyCacheTest, IsSafeFromManyThreadsWhileManifestsChange) {
  store_.add_key("example.com", "a");
  store_.add_key("example.com", "b");
  store_.activate_only("example.com", {"a"});
  store_.add_key("other.example", "c");
  store_.add_key("third.example", "d");
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const std::string seen = selectors("example.com");
        if (seen != "a" && seen != "b") ++wrong;
        if (selectors("other.example") != "c" || selectors("third.example") != "d") ++wrong;
      }
    });
  }
  for (int round = 0; round < 100; ++round)
    store_.activate_only("example.com", {round % 2 == 0 ? "b" : "a"});
  done = true;
  for (auto& reader : readers)
    reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(cache_.size(), 2U);
}

}  // namespace
}  // namespace dkim::milter
