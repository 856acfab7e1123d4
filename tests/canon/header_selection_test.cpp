// Tests canon/header_selection: which fields are signed, in which order, and the names in h=.
#include "canon/header_selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "canon/text.hpp"
#include "tests/support/header_reference.hpp"

namespace dkim::test {
namespace {

using canon::FieldPolicy;
using canon::HeaderField;
using canon::HeaderSelection;
using canon::select_fields;
using Names = std::vector<std::string>;
using Indices = std::vector<std::size_t>;

std::vector<HeaderField> message(const Names& names) {
  std::vector<HeaderField> fields;
  for (const auto& name : names)
    fields.push_back({name, " value"});
  return fields;
}

FieldPolicy policy(const Names& signed_list, const Names& oversigned_list) {
  auto made = FieldPolicy::from_lists(signed_list, oversigned_list);
  EXPECT_TRUE(made);
  return *std::move(made);
}

TEST(HeaderSelection, names_have_the_order_and_the_case_of_the_message) {
  const auto fields = message({"Received", "DATE", "from", "X-Mailer", "To", "Subject"});
  const auto selection = select_fields(fields, policy({"From", "To", "Subject", "Date"}, {"From"}));
  EXPECT_EQ(selection.names, (Names{"DATE", "from", "To", "Subject", "from"}));
  EXPECT_EQ(selection.fields, (Indices{1, 2, 4, 5}));
}

TEST(HeaderSelection, repeats_are_consumed_from_the_bottom) {
  const auto fields = message({"Subject", "Received", "From", "SUBJECT", "Received", "subject"});
  const auto selection = select_fields(fields, policy({"From", "Subject"}, {"From"}));
  EXPECT_EQ(selection.names, (Names{"Subject", "From", "SUBJECT", "subject", "From"}));
  // h= says Subject first, and a verifier then takes the lowest one: that one is hashed first.
  EXPECT_EQ(selection.fields, (Indices{5, 2, 3, 0}));
  EXPECT_EQ(selection.fields, fields_for_verifier(fields, selection.names));
}

TEST(HeaderSelection, an_oversigned_name_is_listed_once_more_than_it_occurs) {
  const auto lists = policy({"From"}, {"From", "Reply-To", "Cc"});
  const auto fields = message({"From", "Cc", "Cc"});
  const auto selection = select_fields(fields, lists);
  EXPECT_EQ(selection.names, (Names{"From", "Cc", "Cc", "From", "Reply-To", "Cc"}));
  EXPECT_EQ(selection.fields, (Indices{0, 2, 1}));
  EXPECT_EQ(selection.fields, fields_for_verifier(fields, selection.names));
}

// A signature that says "there is no Date" breaks when a later hop adds one.
TEST(HeaderSelection, some_names_are_oversigned_only_if_present) {
  const auto without = select_fields(message({"From", "To", "Subject"}), FieldPolicy());
  EXPECT_EQ(without.names, (Names{"From", "To", "Subject", "From", "Reply-To", "Subject", "To", "Cc"}));
  const auto with = select_fields(message({"From", "Date", "Message-Id"}), FieldPolicy());
  EXPECT_EQ(with.names, (Names{"From", "Date", "Message-Id", "From", "Reply-To", "Subject", "To", "Cc",
                               "Date", "Message-Id"}));
}

// If the message has an oversigned field that the signed list lacks, h= must name it for each occurrence and
// once more. Otherwise the verifier finds a field where the signer hashed nothing.
TEST(HeaderSelection, an_oversigned_field_is_signed) {
  const auto fields = message({"From", "Cc"});
  const auto selection = select_fields(fields, policy({"From"}, {"Cc"}));
  EXPECT_EQ(std::count(selection.names.begin(), selection.names.end(), "Cc"), 2);
  EXPECT_EQ(selection.fields, fields_for_verifier(fields, selection.names));
}

TEST(HeaderSelection, from_is_signed_even_if_no_list_names_it) {
  const auto selection = select_fields(message({"From", "To"}), policy({"To"}, {"To"}));
  EXPECT_EQ(selection.names, (Names{"From", "To", "From", "To"}));
  EXPECT_EQ(selection.fields, (Indices{0, 1}));
}

TEST(HeaderSelection, a_message_without_any_signed_field) {
  const auto selection = select_fields(message({"Received", "X-A"}), policy({"From", "To"}, {"From"}));
  EXPECT_EQ(selection.names, Names{"From"});
  EXPECT_TRUE(selection.fields.empty());
  EXPECT_TRUE(select_fields({}, FieldPolicy()).fields.empty());
}

TEST(HeaderSelection, white_space_before_the_colon_is_not_part_of_the_name) {
  const auto selection =
      select_fields(message({"From \t", "Sub ject"}), policy({"From", "Subject"}, {"From"}));
  EXPECT_EQ(selection.names, (Names{"From", "From"}));
  EXPECT_EQ(selection.fields, Indices{0});
}

TEST(HeaderSelection, trace_fields_are_not_signed_by_default) {
  const auto fields = message({"Return-Path", "Received", "Comments", "Keywords", "Bcc", "Resent-Bcc",
                               "DKIM-Signature", "ARC-Seal", "ARC-Message-Signature",
                               "ARC-Authentication-Results", "Authentication-Results", "X-Spam-Status"});
  EXPECT_TRUE(select_fields(fields, FieldPolicy()).fields.empty());
}

TEST(HeaderSelection, a_verifier_takes_the_same_fields_in_the_same_order) {
  const Names pool = {"From", "from", "To",       "Subject", "SUBJECT", "Cc",  "Received", "Received",
                      "Date", "X-A",  "Reply-To", "List-Id", "List-Id", "Cc ", "Keywords"};
  std::mt19937 random(542);
  std::uniform_int_distribution<std::size_t> any(0, pool.size() - 1);
  for (int i = 0; i < 3000; ++i) {
    Names names;
    for (int n = 0; n < i % 40; ++n)
      names.push_back(pool[any(random)]);
    const auto fields = message(names);
    for (const auto& lists : {FieldPolicy(), policy({"Keywords", "Subject"}, {"List-Id?", "x-a"})}) {
      const auto selection = select_fields(fields, lists);
      ASSERT_EQ(selection.fields, fields_for_verifier(fields, selection.names));
      // Each signed name is listed as often as it occurs, each oversigned one once more.
      std::map<std::string, int> counts;
      for (const auto& name : selection.names)
        ++counts[canon::lower_case(name)];
      for (const auto& [name, lower_name, when] : lists.oversigned()) {
        const auto there = std::count_if(fields.begin(), fields.end(), [&](const auto& field) {
          return canon::equal_ignoring_case(canon::trim_fws(field.name), name);
        });
        const int more = there > 0 || when == canon::Oversigning::always ? 1 : 0;
        ASSERT_EQ(counts[lower_name], there + more) << name;
      }
    }
  }
}

TEST(HeaderSelection, a_hundred_thousand_repeats) {
  const auto fields = message(Names(100'000, "Subject"));
  const auto selection = select_fields(fields, FieldPolicy());
  ASSERT_EQ(selection.fields.size(), 100'000U);
  EXPECT_EQ(selection.fields.front(), 99'999U);
  EXPECT_EQ(selection.fields.back(), 0U);
}

}  // namespace
}  // namespace dkim::test
