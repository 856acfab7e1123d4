// Tests canon/field_policy: the lists, and how the configuration changes them.
#include "canon/field_policy.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::FieldList;
using canon::FieldListError;
using canon::FieldPolicy;
using Names = std::vector<std::string>;

Names names(std::span<const std::string_view> list) {
  return {list.begin(), list.end()};
}

Names oversigned(const FieldPolicy& policy) {
  Names out;
  for (const auto& field : policy.oversigned())
    out.push_back(to_string(field));
  return out;
}

// Repeats the list on purpose, so that a typing error in one of the two shows. The names are as in the IANA
// registry of message header fields (RFC 4021, 2369, 2919, 3834, 5322, 8058). Autocrypt and Feedback-ID are
// in use without being registered.
TEST(FieldPolicy, default_signed_list) {
  const Names expected = {
      // RFC 5322 §3.6
      "From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc", "In-Reply-To", "References",
      // RFC 2045
      "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-ID", "Content-Description",
      // RFC 5322 §3.6.6
      "Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Message-ID",
      // RFC 2919, RFC 2369, RFC 8058
      "List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post",
      "List-Owner", "List-Archive",
      // RFC 3834, and the two that are not registered
      "Auto-Submitted", "Autocrypt", "Feedback-ID"};
  EXPECT_EQ(names(canon::default_signed_fields()), expected);
  EXPECT_EQ(FieldPolicy().signed_fields(), expected);
}

TEST(FieldPolicy, default_oversigned_list) {
  // RFC 6409 §8 lets a later hop add the fields with "?".
  const Names expected = {"From",
                          "Reply-To",
                          "Subject",
                          "To",
                          "Cc",
                          "Date?",
                          "Message-ID?",
                          "MIME-Version?",
                          "Content-Type?",
                          "Content-Transfer-Encoding?"};
  EXPECT_EQ(names(canon::default_oversigned_fields()), expected);
  EXPECT_EQ(oversigned(FieldPolicy()), expected);
}

TEST(FieldPolicy, empty_lists_are_the_defaults) {
  const auto policy = FieldPolicy::from_lists({}, {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->signed_fields(), FieldPolicy().signed_fields());
  EXPECT_EQ(oversigned(*policy), oversigned(FieldPolicy()));
}

TEST(FieldPolicy, is_signed_takes_the_name_in_lower_case) {
  const FieldPolicy policy;
  EXPECT_TRUE(policy.is_signed("message-id"));
  EXPECT_TRUE(policy.is_signed("list-unsubscribe-post"));
  EXPECT_FALSE(policy.is_signed("received"));
  EXPECT_FALSE(policy.is_signed("dkim-signature"));
  EXPECT_FALSE(policy.is_signed(""));
}

TEST(FieldPolicy, plain_names_replace_the_list) {
  const auto policy = FieldPolicy::from_lists({"from", "X-Own"}, {"From"});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->signed_fields(), (Names{"from", "X-Own"}));
  EXPECT_EQ(oversigned(*policy), Names{"From"});
  EXPECT_TRUE(policy->is_signed("x-own"));
  EXPECT_FALSE(policy->is_signed("subject"));
}

TEST(FieldPolicy, signs_and_oversigns_from_whatever_the_lists_say) {
  const auto policy = FieldPolicy::from_lists({"To"}, {"Cc"});
  ASSERT_TRUE(policy);
  EXPECT_EQ(oversigned(*policy), (Names{"From", "Cc"}));
  EXPECT_TRUE(policy->is_signed("from"));
  EXPECT_TRUE(policy->is_signed("cc"));
}

// "-Subject", for a mailing list that rewrites it, must have an effect although Subject is oversigned by
// default.
TEST(FieldPolicy, the_default_oversigned_list_does_not_bring_back_what_is_not_signed) {
  const auto changed = FieldPolicy::from_lists({"-subject"}, {});
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->is_signed("subject"));
  EXPECT_EQ(changed->signed_fields().size(), canon::default_signed_fields().size() - 1);
  EXPECT_EQ(changed->oversigned().size(), canon::default_oversigned_fields().size() - 1);

  const auto replaced = FieldPolicy::from_lists({"to", "X-Own"}, {});
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->signed_fields(), (Names{"to", "X-Own", "From"}));
  EXPECT_EQ(oversigned(*replaced), (Names{"From", "To"}));

  const auto other_change = FieldPolicy::from_lists({"-Subject"}, {"-Cc"});
  ASSERT_TRUE(other_change);
  EXPECT_FALSE(other_change->is_signed("subject"));
  EXPECT_TRUE(other_change->is_signed("cc"));
}

TEST(FieldPolicy, an_oversigned_entry_brings_back_what_the_signed_list_leaves_out) {
  for (const Names& oversigned_list : {Names{"+SUBJECT"}, Names{"Subject"}, Names{"+Subject?"}}) {
    const auto policy = FieldPolicy::from_lists({"To"}, oversigned_list);
    ASSERT_TRUE(policy);
    EXPECT_TRUE(policy->is_signed("subject")) << oversigned_list.front();
  }
}

// A name in the list is oversigned in every message; with "?", only in messages that have the field.
TEST(FieldPolicy, an_entry_says_when_its_name_is_oversigned) {
  const auto when = [](const Names& list, std::string_view name) {
    const auto policy = FieldPolicy::from_lists({}, list);
    std::string found = "not";
    for (const auto& field : policy->oversigned()) {
      if (field.name == name) found = to_string(field);
    }
    return found;
  };
  EXPECT_EQ(when({}, "Date"), "Date?");
  EXPECT_EQ(when({"+Date"}, "Date"), "Date");
  EXPECT_EQ(when({"+Subject?"}, "Subject"), "Subject?");
  EXPECT_EQ(when({"-Date"}, "Date"), "not");
  EXPECT_EQ(when({"Date"}, "Date"), "Date");
  EXPECT_EQ(when({"Date?"}, "Date"), "Date?");
}

TEST(FieldPolicy, plus_and_minus_change_the_default) {
  const auto policy = FieldPolicy::from_lists({"+X-Own", "-autocrypt", "+subject"}, {"-CC", "+List-Id"});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->is_signed("x-own"));
  EXPECT_FALSE(policy->is_signed("autocrypt"));
  EXPECT_EQ(policy->signed_fields().size(), canon::default_signed_fields().size());
  EXPECT_EQ(policy->signed_fields().back(), "X-Own");
  EXPECT_EQ(policy->oversigned().size(), canon::default_oversigned_fields().size());
  EXPECT_EQ(policy->oversigned().back().name, "List-Id");
}

TEST(FieldPolicy, errors_say_which_list_which_entry_and_why) {
  using Reason = FieldListError::Reason;
  const struct {
    Names signed_list;
    Names oversigned_list;
    FieldList list;
    std::size_t entry;
    Reason reason;
  } cases[] = {
      {{"From", "To:"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", ""}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "Sub ject"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "Subject "}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "a;b"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "M\xc3\xbcller"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "a\x7f"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"From", "a\r\nb"}, {}, FieldList::signed_headers, 1, Reason::bad_name},
      {{"+"}, {}, FieldList::signed_headers, 0, Reason::bad_name},
      {{"-"}, {}, FieldList::signed_headers, 0, Reason::bad_name},
      {{"From", "+To"}, {}, FieldList::signed_headers, 1, Reason::mixed_forms},
      {{"+To", "-Cc", "Subject"}, {}, FieldList::signed_headers, 2, Reason::mixed_forms},
      {{"-Received"}, {}, FieldList::signed_headers, 0, Reason::not_in_default},
      {{"-Cc", "-cc"}, {}, FieldList::signed_headers, 1, Reason::repeated},
      {{"+To", "-from"}, {}, FieldList::signed_headers, 1, Reason::removes_from},
      {{}, {"-From"}, FieldList::oversigned_headers, 0, Reason::removes_from},
      {{}, {"-Received"}, FieldList::oversigned_headers, 0, Reason::not_in_default},
      {{}, {"From", "bad name"}, FieldList::oversigned_headers, 1, Reason::bad_name},
      // Fields that every hop adds or replaces.
      {{"received"}, {}, FieldList::signed_headers, 0, Reason::changed_by_hops},
      {{"+Return-Path"}, {}, FieldList::signed_headers, 0, Reason::changed_by_hops},
      {{}, {"+Received"}, FieldList::oversigned_headers, 0, Reason::changed_by_hops},
      {{}, {"From", "Return-Path?"}, FieldList::oversigned_headers, 1, Reason::changed_by_hops},
      // Entries that contradict each other or have no effect.
      {{"X-Own", "x-own"}, {}, FieldList::signed_headers, 1, Reason::repeated},
      {{"+X-Own", "-x-own"}, {}, FieldList::signed_headers, 1, Reason::repeated},
      {{"+X-Own?"}, {}, FieldList::signed_headers, 0, Reason::optional_in_signed},
      {{}, {"Date", "Date?"}, FieldList::oversigned_headers, 1, Reason::repeated},
      {{}, {"-Date?"}, FieldList::oversigned_headers, 0, Reason::optional_removal},
      {{}, {"From?"}, FieldList::oversigned_headers, 0, Reason::optional_from},
      {{"-Subject"}, {"+Cc", "+Subject"}, FieldList::oversigned_headers, 1, Reason::removed_from_signed},
      {{}, {"From", "dkim-signature"}, FieldList::oversigned_headers, 1, Reason::oversigned_signature},
      {{}, {"+Cc", "+DKIM-Signature"}, FieldList::oversigned_headers, 1, Reason::oversigned_signature},
  };
  for (const auto& [signed_list, oversigned_list, list, entry, reason] : cases) {
    const auto policy = FieldPolicy::from_lists(signed_list, oversigned_list);
    const auto& first = list == FieldList::oversigned_headers ? oversigned_list.back() : signed_list.back();
    ASSERT_FALSE(policy) << first;
    EXPECT_EQ(policy.refusal(), (FieldListError{list, entry, reason}))
        << first << to_string(policy.refusal());
  }
}

TEST(FieldPolicy, errors_read_as_text) {
  EXPECT_EQ(to_string(FieldListError{FieldList::signed_headers, 0, FieldListError::Reason::bad_name}),
            "signed_headers: not a header field name");
  EXPECT_EQ(to_string(FieldListError{FieldList::signed_headers, 0, FieldListError::Reason::removes_from}),
            "signed_headers: From is always signed (RFC 6376 section 5.4)");
  EXPECT_EQ(to_string(FieldListError{FieldList::oversigned_headers, 0, FieldListError::Reason::removes_from}),
            "oversigned_headers: From is always oversigned: a second From would be shown as the author");
}

}  // namespace
}  // namespace dkim::test
