// Tests canon/typed_names: what people type where a domain or a selector is expected.
#include "canon/typed_names.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

template <typename Name>
std::string said(const canon::Result<Name>& name) {
  return name ? name->str() : name.refusal().reason;
}

TEST(TypedNames, domains) {
  const auto domain = [](std::string_view text) { return said(canon::parse_typed_domain(text)); };
  EXPECT_EQ(domain("Example.COM."), "example.com");
  EXPECT_EQ(domain("a@example.com"), "an address; give the domain alone: example.com");
  EXPECT_EQ(domain("mail._domainkey.example.com"),
            "the name of a record; give the domain alone: example.com");
  EXPECT_EQ(domain("_domainkey"), "the name of a record");
  EXPECT_EQ(domain("localhost"), "a name of one label, which no mail comes from");
  EXPECT_EQ(domain("192.0.2.1"), "the address of a host");
  EXPECT_EQ(domain("x_domainkey.example"), "x_domainkey.example");
  EXPECT_FALSE(canon::parse_typed_domain(""));
}

TEST(TypedNames, selectors) {
  const auto selector = [](std::string_view text) { return said(canon::parse_typed_selector(text)); };
  EXPECT_EQ(selector("Mail.2026"), "mail.2026");
  EXPECT_EQ(selector("mail._domainkey"), "the name of a record; give the selector alone: mail");
  EXPECT_EQ(selector("a.b._DomainKey.example.com"), "the name of a record; give the selector alone: a.b");
  EXPECT_EQ(selector("_domainkey"), "the name of a record");
  EXPECT_EQ(selector("my_domainkey"), "my_domainkey");
}

}  // namespace
}  // namespace dkim::test
