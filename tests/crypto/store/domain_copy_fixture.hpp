// A domain's state, written into a key directory in a temporary directory, and what is to be found there
// then.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/store/domain_copy.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::test {

using Names = std::vector<std::string>;

class DomainCopyTest : public testing::Test {
 protected:
  void add(std::string_view name, const crypto::PrivateKey& key,
           crypto::KeyState state = crypto::KeyState::active, int use = 1) {
    auto entry = entry_of(name, key, state);
    entry.use = use;
    if (state != crypto::KeyState::revoked)
      state_.keys.push_back({entry.id(), crypto::PrivateKey::from_pem(key.to_pem())});
    state_.manifest.keys.push_back(std::move(entry));
  }

  void clear() { state_ = {}; }

  bool write() { return crypto::write_copy(store_.store(), domain_, state_); }

  std::filesystem::path path(std::string_view name) const { return store_.path("example.com") / name; }
  Names names() const { return names_in(path("")); }

  // Checks that the store has the state and nothing else, and that writing it again writes nothing.
  void expect_state(const Names& expected_names) {
    EXPECT_EQ(names(), expected_names);
    const auto read = store_.store().read_manifest(domain_);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->manifest, state_.manifest);
    for (const auto& copied : state_.keys) {
      const auto* entry = read->manifest.find(copied.id.selector);
      ASSERT_NE(entry, nullptr);
      EXPECT_EQ(store_.store().load_key(domain_, *entry).public_key(), copied.key.public_key());
    }
    for (const auto& entry : read->manifest.keys) {
      const auto record = store_.store().record_of(domain_, entry, read->manifest.record);
      EXPECT_EQ(read_file(path(entry.selector.str() + ".txt")),
                crypto::zone_text(crypto::published_record(read->manifest, entry.selector, domain_, record)));
    }
    const auto before = stamps();
    EXPECT_FALSE(write());
    EXPECT_EQ(stamps(), before);
  }

  // The inode and times of each file and of the directory, which change with every write.
  std::map<std::string, std::string> stamps() const {
    std::map<std::string, std::string> out;
    auto files = names();
    files.emplace_back("");
    for (const auto& name : files) {
      struct stat status = {};
      EXPECT_EQ(lstat(path(name).c_str(), &status), 0) << name;
      out[name] = std::to_string(status.st_ino) + " " + std::to_string(status.st_ctim.tv_sec) + "." +
                  std::to_string(status.st_ctim.tv_nsec);
    }
    return out;
  }

  std::string refusal() {
    return message_of<crypto::StoreError>([&] { write(); });
  }

  TestStore store_;
  const canon::DomainName domain_ = domain_name("example.com");
  crypto::DomainState state_;
};

inline const Names names_of_one = {".lock", "keys.conf", "one.private", "one.txt"};

}  // namespace dkim::test
