#include "crypto/store/file_store.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "crypto/store/membership.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::domain_name;
using test::entry_of;
using test::message_of;
using test::rsa_key;

// A key directory that becomes a fleet's copy while a change to it is under way.
class BecomesACopyTest : public testing::Test {
 protected:
  void become_copy() {
    write_membership(store_.store(), {"5e9c9b0e-6c7c-4b53-9d1d-0a1b2c3d4e5f", "mx1", 0, "", UtcTime{}});
  }
  std::unique_ptr<DomainChange> begin_change() {
    auto change = files_.change(domain_name("example.com"));
    change->add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
    return change;
  }

  test::TestStore store_;
  FileStore files_{store_.store()};
};

TEST_F(BecomesACopyTest, NothingIsChanged) {
  const auto change = begin_change();
  become_copy();
  EXPECT_NE(message_of<StoreError>([&] { change->commit(); }).find("nothing was changed"), std::string::npos);
  EXPECT_FALSE(files_.has(domain_name("example.com")));
}

TEST_F(BecomesACopyTest, AStoreOfItsOwnIsChanged) {
  const auto change = begin_change();
  change->commit();
  EXPECT_TRUE(files_.has(domain_name("example.com")));
}

}  // namespace
}  // namespace dkim::crypto
