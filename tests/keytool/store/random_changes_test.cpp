// Makes random changes in every kind of store, some of which are dropped, and compares the store after each
// with a model of it: manifest, private keys, and the files of the machine that made the change.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "crypto/error.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

using crypto::KeyEntry;
using crypto::KeyState;
using crypto::Manifest;
using test::entry_of;
using test::selector;

constexpr int steps = 60;

// The public key of each key that was ever added to a domain.
using Keys = std::map<std::pair<std::string, int>, std::vector<unsigned char>>;

std::pair<std::string, int> name_of(const KeyEntry& entry) {
  return {entry.selector.str(), entry.use};
}

std::string text_of(const KeyEntry& entry) {
  return entry.selector.str() + "/" + std::to_string(entry.use);
}

class Walk {
 public:
  Walk(StoreWorld& world, unsigned seed) : world_(world), random_(seed) {}

  void step() {
    const auto domain = test::domain_name(random(2) == 0 ? "example.com" : "shop.example");
    auto& store = random(2) == 0 ? world_.store() : world_.elsewhere();
    Manifest& manifest = manifests_[domain.str()];
    Keys keys = keys_[domain.str()];
    const bool is_kept = random(4) != 0;
    {
      const auto change = store.change(domain);
      ASSERT_EQ(change->manifest(), manifest);
      make(*change, keys);
      if (is_kept) {
        manifest = change->manifest();
        keys_[domain.str()] = keys;
        change->commit();
        ++kept_;
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_model(world_.store(), domain));
    ASSERT_NO_FATAL_FAILURE(expect_model(world_.elsewhere(), domain));
    if (is_kept) {
      ASSERT_NO_FATAL_FAILURE(expect_files(store, domain));
    }
  }

  int kept() const { return kept_; }
  int destroyed() const { return destroyed_; }
  int taken_again() const { return taken_again_; }

 private:
  unsigned random(unsigned below) {
    random_ = random_ * 1664525 + 1013904223;
    return (random_ >> 16) % below;
  }

  // Records can be rewritten of keys that the store has, so nothing that needs it comes after a new key.
  void make(crypto::DomainChange& change, Keys& keys) {
    if (random(5) == 0) change_flags(change);
    if (random(5) == 0) open_slot(change);
    if (random(2) == 0) advance(change);
    if (random(2) == 0) add(change, keys, "k" + std::to_string(random(12)));
    if (random(2) == 0) add(change, keys, "slot" + std::to_string(random(2)));
  }

  void change_flags(crypto::DomainChange& change) {
    auto& manifest = change.manifest();
    manifest.subdomains = random(2) == 0;
    manifest.record = {.strict = random(2) == 0, .note = random(2) == 0 ? "" : "a \"note\"; \\"};
    for (const auto& entry : manifest.keys)
      change.rewrite_record(entry);
  }

  void open_slot(crypto::DomainChange& change) {
    auto& manifest = change.manifest();
    const auto name = selector("slot" + std::to_string(random(2)));
    if (manifest.is_slot(name)) return;
    manifest.slots.push_back({name, crypto::Algorithm::ed25519, random(2) == 0 ? "" : "s.target.example"});
    if (const auto* entry = manifest.find(name)) change.rewrite_record(*entry);
  }

  void add(crypto::DomainChange& change, Keys& keys, const std::string& name) {
    auto& manifest = change.manifest();
    const auto* last = manifest.find(selector(name));
    const bool may = last == nullptr || (manifest.is_slot(selector(name)) && last->forgotten);
    const bool is_next = may && last != nullptr;
    const auto made = crypto::PrivateKey::generate_ed25519();
    const auto& key = random(8) == 0 ? test::rsa_key() : made;
    const auto before = manifest;
    try {
      change.add_key(entry_of(name, key, static_cast<KeyState>(random(2))), key);
      EXPECT_TRUE(may) << name;
    } catch (const crypto::StoreError& error) {
      EXPECT_FALSE(may) << name << ": " << error.what();
      EXPECT_EQ(manifest, before);
      return;
    }
    keys.insert_or_assign(name_of(*manifest.find(selector(name))), key.public_key());
    if (is_next) ++taken_again_;
  }

  // Takes a key one state further.
  void advance(crypto::DomainChange& change) {
    auto& keys = change.manifest().keys;
    if (keys.empty()) return;
    auto& entry = keys[random(static_cast<unsigned>(keys.size()))];
    if (entry.state == KeyState::revoked) {
      entry.forgotten = entry.created;
      return;
    }
    // Not through all of them: most keys of the walk are to be destroyed.
    entry.state = entry.state == KeyState::pending ? KeyState::active : KeyState::revoked;
    if (entry.state == KeyState::revoked) ++destroyed_;
    change.rewrite_record(entry);
  }

  void expect_model(crypto::StoreOfRecord& store, const canon::DomainName& domain) {
    const auto& manifest = manifests_[domain.str()];
    const auto read = store.read_manifest(domain);
    ASSERT_EQ(read.value_or(Manifest{}), manifest);
    ASSERT_EQ(store.has(domain), read.has_value());
    std::vector<std::string> living;
    for (const auto& entry : manifest.keys) {
      if (entry.state == KeyState::revoked) {
        ASSERT_THROW(store.load_key(domain, entry), crypto::KeyFileError);
        continue;
      }
      living.push_back(text_of(entry));
      ASSERT_EQ(store.load_key(domain, entry).public_key(), keys_[domain.str()].at(name_of(entry)));
    }
    std::sort(living.begin(), living.end());
    ASSERT_EQ(world_.private_keys(domain), living);
  }

  // The copy of the machine that made the change, which is the store itself if there is no fleet.
  void expect_files(crypto::StoreOfRecord& store, const canon::DomainName& domain) {
    const auto& manifest = manifests_[domain.str()];
    const auto& files = store.files();
    ASSERT_EQ(files.read_manifest(domain)->manifest, manifest);
    ASSERT_EQ(key_files(files, domain), world_.private_keys(domain));
    for (const auto& entry : manifest.keys) {
      const auto record = store.record_of(domain, entry, manifest.record);
      ASSERT_EQ(files.record_of(domain, entry, manifest.record), record);
      ASSERT_EQ(test::read_file(files.record_path(domain, entry.selector)),
                zone_text(published_record(manifest, entry.selector, domain, record)));
    }
  }

  StoreWorld& world_;
  unsigned random_;
  std::map<std::string, Manifest> manifests_;
  std::map<std::string, Keys> keys_;
  int kept_ = 0;
  int destroyed_ = 0;
  int taken_again_ = 0;
};

class RandomChanges : public testing::TestWithParam<StoreKind> {};

TEST_P(RandomChanges, leave_what_a_model_has) {
  int destroyed = 0;
  int taken_again = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto world = GetParam().make();
    Walk walk(*world, seed * 977);
    for (int step = 0; step < steps; ++step) {
      walk.step();
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", step " << step;
    }
    EXPECT_GT(walk.kept(), steps / 2);
    destroyed += walk.destroyed();
    taken_again += walk.taken_again();
  }
  EXPECT_GT(destroyed, 15);
  EXPECT_GT(taken_again, 1);
}

INSTANTIATE_TEST_SUITE_P(Stores, RandomChanges, testing::ValuesIn(store_kinds()), store_test::name_of);

}  // namespace
}  // namespace dkim::keytool::store_test
