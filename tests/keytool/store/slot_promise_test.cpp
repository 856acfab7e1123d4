// Tests the promise of slots (tests/keytool/rotation/slot_promise_test.cpp) with a domain that every kind of
// store keeps, and that each slot's key is the one that was made last for it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/keytool/rotation/slot_life.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

using rotation_test::Random;

// Changes come from both places in turn.
class StoreKeeper final : public rotation_test::SlotKeeper {
 public:
  explicit StoreKeeper(StoreWorld& world) : world_(world) {}

  std::unique_ptr<crypto::DomainChange> change() override {
    is_elsewhere_ = !is_elsewhere_;
    ++changes_;
    return (is_elsewhere_ ? world_.elsewhere() : world_.store()).change(domain_);
  }

  crypto::Manifest read() override {
    auto manifest = world_.store().read_manifest(domain_).value_or(crypto::Manifest{});
    std::vector<std::string> living;
    for (const auto& entry : manifest.keys) {
      if (entry.state != crypto::KeyState::revoked)
        living.push_back(entry.selector.str() + "/" + std::to_string(entry.use));
    }
    std::sort(living.begin(), living.end());
    EXPECT_EQ(world_.private_keys(domain_), living);
    return manifest;
  }

  int changes() const { return changes_; }

 private:
  StoreWorld& world_;
  const canon::DomainName domain_ = test::domain_name("shop.example");
  bool is_elsewhere_ = false;
  int changes_ = 0;
};

class StoredSlots : public testing::TestWithParam<StoreKind> {};

TEST_P(StoredSlots, keep_their_promise) {
  rotation_test::LifeCount count;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto world = GetParam().make();
    StoreKeeper keeper(*world);
    const auto request_for = [](Random& random) {
      return random(30) == 0 ? RotationRequest{RotationRequest::Replace::all_keys,
                                               RotationRequest::RetiringKeys::compromised}
                             : RotationRequest{RotationRequest::Replace::due_keys};
    };
    count += rotation_test::live_once(seed, keeper, request_for, 600);
    ASSERT_FALSE(HasFailure());
    EXPECT_GT(keeper.changes(), 50);
  }
  EXPECT_GT(count.turns, 20);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredSlots, testing::ValuesIn(store_kinds()), name_of);

}  // namespace
}  // namespace dkim::keytool::store_test
