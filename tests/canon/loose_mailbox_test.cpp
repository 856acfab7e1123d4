// Tests canon/loose_mailbox: the reading of a From field that violates RFC 5322, if it has exactly one.
#include "canon/loose_mailbox.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dkim::test {
namespace {

std::string reading(std::string_view value) {
  const auto found = canon::only_reading(value);
  return found ? found->local_part + "@" + found->domain : "none";
}

TEST(LooseMailbox, one_address) {
  for (const auto* value :
       {" Team @ Acme <a@example.com>", "a@example.com <a@example.com>", "Foo [Bar] <a@example.com>",
        "Alert: disk <a@example.com>", "Acme, Inc. <a@example.com>", "Foo; Bar <a@example.com>",
        "b@other.example via List <a@example.com>", "a@example.com;", " a@example.com (disk) ; ",
        "Acme,\r\n Inc. <a@example.com>\r\n ", "Acme, Inc. < a@example.com >", "Acme, Inc. <a@example.com>;"})
    EXPECT_EQ(reading(value), "a@example.com") << value;
}

TEST(LooseMailbox, fields_with_two_readings_or_none) {
  for (const auto* value :
       {"", " ", "Foo", "Foo <>", "Foo <a>", "Foo <a@>", "Foo; <@example.com>", "a;", "@example.com;",
        // A second address.
        "<b@other.example> <a@example.com>", "Foo <b@other.example>; Bar <a@example.com>",
        "b@other.example; Foo <a@example.com>", "Foo: b@other.example; <a@example.com>",
        "a@example.com; b@other.example", "a@example.com b@other.example", "a@example.com; (b@other.example)",
        "Foo; <a@example.com> b", "via !b, Foo <a@example.com>", "50% b: Foo <a@example.com>",
        // Quotes, comments and brackets that do not end.
        "\"Foo <b@other.example> <a@example.com>", "Foo; \" <a@example.com>", "(Foo; <a@example.com>",
        "Foo; [ <a@example.com>", "Foo; ) <a@example.com>", "Foo; ] <a@example.com>", "Foo; <a@example.com",
        "Foo; a@example.com>", "a@example.com; (", "Foo; >a@example.com<", "Foo; (a (b)) <a@example.com>",
        // Quotes and escapes that mail programs read in different ways.
        "Foo \\<b@other.example> <a@example.com>", "Foo; \\ <a@example.com>",
        "Foo; \"<b@other.example>\" <a@example.com>", "Foo; <\"b@other.example\"@example.com>",
        "Foo; <@other.example:a@example.com>", "Foo; <a@example.com(x)>", "a(x)@example.com;",
        "a@[192.0.2.1];", "Foo; <\xc3\xa9@example.com>", "Foo;\x01 <a@example.com>",
        "Foo;\x7f <a@example.com>"})
    EXPECT_EQ(reading(value), "none") << value;
  EXPECT_EQ(reading(std::string_view("Foo;\0 <a@example.com>", 21)), "none");
}

}  // namespace
}  // namespace dkim::test
