#include "milter/mta.hpp"

#include <gtest/gtest.h>

namespace dkim::milter {
namespace {

TEST(Mta, IsKnownByTheMacroForItsVersion) {
  EXPECT_EQ(mta_of("8.17.1.9"), Mta::sendmail);
  EXPECT_EQ(mta_of("8.18.1"), Mta::sendmail);
  EXPECT_EQ(mta_of("Postfix 3.7.11"), Mta::postfix);
  EXPECT_EQ(mta_of("Postfix 8.17"), Mta::postfix);
  EXPECT_EQ(mta_of(""), Mta::postfix);
  EXPECT_EQ(mta_of(std::nullopt), Mta::postfix);
}

}  // namespace
}  // namespace dkim::milter
