// Tests canon/fragile_fields: which names get a warning.
#include "canon/fragile_fields.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using Names = std::vector<std::string>;

Names fragile(const Names& signed_list, const Names& oversigned_list) {
  const auto policy = canon::FieldPolicy::from_lists(signed_list, oversigned_list);
  Names out;
  for (const auto& field : canon::fragile_fields(*policy))
    out.push_back((field.list == canon::FieldList::oversigned_headers ? "oversigned " : "signed ") +
                  field.name);
  return out;
}

TEST(FragileFields, the_defaults_are_not_fragile) {
  EXPECT_EQ(fragile({}, {}), Names{});
}

TEST(FragileFields, fields_that_hops_add_or_replace_are_fragile) {
  EXPECT_EQ(fragile({}, {"+Date"}), Names{"oversigned Date"});
  EXPECT_EQ(fragile({}, {"+List-Id"}), Names{"oversigned List-Id"});
  EXPECT_EQ(fragile({}, {"+List-Id?"}), Names{});
  EXPECT_EQ(fragile({}, {"+X-Spam-Status"}), Names{"oversigned X-Spam-Status"});
  EXPECT_EQ(fragile({"+authentication-results"}, {}), Names{"signed authentication-results"});
  EXPECT_EQ(fragile({"+Delivered-To"}, {}), Names{});
  EXPECT_EQ(fragile({}, {"+Delivered-To?"}), Names{"oversigned Delivered-To?"});
  EXPECT_EQ(fragile({"+X-Mine"}, {"+X-Mine"}), Names{});
}

}  // namespace
}  // namespace dkim::test
