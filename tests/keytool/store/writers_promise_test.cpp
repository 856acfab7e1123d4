// Tests what several writers of a store may rely on, on every kind of store: threads of one dkimkey, and
// other dkimkeys, in a fleet on other machines.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

using crypto::KeyState;
using test::ed25519_key;
using test::entry_of;
using test::selector;

constexpr int writers = 8;
constexpr int rounds = 6;

class WritersPromise : public testing::TestWithParam<StoreKind> {
 protected:
  WritersPromise() {
    ed25519_key();  // made here, and not by several threads
  }

  // Every second one works elsewhere.
  crypto::StoreOfRecord& store_of(int writer) {
    return writer % 2 == 0 ? world_->store() : world_->elsewhere();
  }

  // Runs work(writer) in threads that begin together.
  template <typename Work>
  void at_once(Work work) {
    std::barrier together(writers);
    std::vector<std::thread> threads;
    std::vector<std::string> failures(writers);
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        together.arrive_and_wait();
        try {
          work(writer);
        } catch (const std::exception& error) {
          failures[static_cast<std::size_t>(writer)] = error.what();
        }
      });
    }
    for (auto& thread : threads)
      thread.join();
    for (const auto& failure : failures)
      EXPECT_EQ(failure, "");
  }

  static void add(crypto::StoreOfRecord& store, const canon::DomainName& domain, const std::string& name) {
    const auto adding = store.change(domain);
    adding->add_key(entry_of(name, ed25519_key(), KeyState::active), ed25519_key());
    adding->commit();
  }

  const std::unique_ptr<StoreWorld> world_ = GetParam().make();
  const canon::DomainName domain_ = test::domain_name("example.com");
};

TEST_P(WritersPromise, at_one_domain_they_wait_for_each_other) {
  at_once([&](int writer) {
    for (int round = 0; round < rounds; ++round)
      add(store_of(writer), domain_, "k" + std::to_string(writer) + "-" + std::to_string(round));
  });
  const auto manifest = world_->store().read_manifest(domain_);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->keys.size(), static_cast<std::size_t>(writers * rounds));
  EXPECT_EQ(world_->private_keys(domain_).size(), manifest->keys.size());
  for (const auto& entry : manifest->keys)
    EXPECT_EQ(world_->elsewhere().load_key(domain_, entry).public_key(), ed25519_key().public_key());
}

TEST_P(WritersPromise, of_several_that_add_the_same_selector_one_wins) {
  std::atomic<int> won = 0;
  std::atomic<int> refused = 0;
  for (int round = 0; round < rounds; ++round) {
    at_once([&](int writer) {
      try {
        add(store_of(writer), domain_, "k" + std::to_string(round));
        ++won;
      } catch (const crypto::StoreError& error) {
        if (std::string(error.what()).find("was used in example.com before") == std::string::npos) throw;
        ++refused;
      }
    });
  }
  EXPECT_EQ(won, rounds);
  EXPECT_EQ(refused, rounds * (writers - 1));
}

// As keytool/rotation/turn does: a plan is carried out only on the manifest from which it was made.
TEST_P(WritersPromise, of_several_that_saw_the_same_manifest_one_wins) {
  add(world_->store(), domain_, "first");
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> won = 0;
    const auto seen = world_->elsewhere().read_manifest(domain_);
    at_once([&](int writer) {
      const auto changing = store_of(writer).change(domain_);
      if (changing->manifest() != seen) return;
      changing->manifest().keys.front().created += std::chrono::hours(1);
      changing->commit();
      ++won;
    });
    EXPECT_EQ(won, 1);
  }
  EXPECT_EQ(world_->store().read_manifest(domain_)->keys.front().created,
            entry_of("first", ed25519_key(), KeyState::active).created + std::chrono::hours(rounds));
}

TEST_P(WritersPromise, at_several_domains_none_disturbs_another) {
  const auto domain_of = [](int writer) {
    return test::domain_name("d" + std::to_string(writer) + ".example");
  };
  at_once([&](int writer) {
    auto& store = world_->store();
    for (int round = 0; round < rounds; ++round) {
      add(store, domain_of(writer), "k" + std::to_string(round));
      const auto manifest = store.read_manifest(domain_of(writer));
      if (manifest->keys.size() != static_cast<std::size_t>(round + 1))
        throw std::logic_error("a key is lost");
      store.tidy_up(domain_of(writer), *manifest);
    }
  });
  EXPECT_EQ(world_->elsewhere().domains().size(), static_cast<std::size_t>(writers));
  for (int writer = 0; writer < writers; ++writer)
    EXPECT_EQ(world_->private_keys(domain_of(writer)).size(), static_cast<std::size_t>(rounds));
}

// Each change adds one key and revokes the one before, so whoever reads finds exactly one that is active,
// with its private key; or none, and the manifest has changed since it was read.
TEST_P(WritersPromise, readers_see_whole_states) {
  add(world_->store(), domain_, "k0");
  constexpr int changes = 20;
  std::atomic<bool> done = false;
  std::atomic<int> looks = 0;
  const auto replace_the_key = [&](int i) {
    const auto changing = world_->store().change(domain_);
    changing->manifest().keys.back().state = KeyState::revoked;
    changing->rewrite_record(changing->manifest().keys.back());
    changing->add_key(entry_of("k" + std::to_string(i), ed25519_key(), KeyState::active), ed25519_key());
    changing->commit();
  };
  std::string failure;
  std::thread writer([&] {
    try {
      for (int i = 1; i < changes; ++i)
        replace_the_key(i);
      while (looks == 0)
        std::this_thread::yield();
      replace_the_key(changes);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    done = true;
  });
  const auto look = [&] {
    const auto manifest = world_->elsewhere().read_manifest(domain_);
    std::size_t active = 0;
    for (const auto& entry : manifest->keys) {
      if (entry.state != KeyState::active) continue;
      ++active;
      try {
        world_->elsewhere().load_key(domain_, entry);
      } catch (const crypto::KeyFileError& error) {
        if (world_->elsewhere().read_manifest(domain_) == manifest) ADD_FAILURE() << error.what();
      }
    }
    EXPECT_EQ(active, 1U);
    ++looks;
  };
  while (!done)
    look();
  writer.join();
  EXPECT_EQ(failure, "");
  look();
  EXPECT_GT(looks, 1);
  EXPECT_EQ(world_->private_keys(domain_), std::vector{"k" + std::to_string(changes) + "/1"});
}

INSTANTIATE_TEST_SUITE_P(Stores, WritersPromise, testing::ValuesIn(store_kinds()), name_of);

}  // namespace
}  // namespace dkim::keytool::store_test
