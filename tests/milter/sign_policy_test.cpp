#include "milter/sign_policy.hpp"

#include <gtest/gtest.h>

#include "tests/milter/addresses.hpp"
#include "tests/milter/macros.hpp"

namespace dkim::milter {
namespace {

using test::client_at;
using test::client_of_family;

bool ours(const ClientAddress& client, const test::Macros& macros = {}, const Config& config = {}) {
  return is_ours(config, client, test::lookup_in(macros));
}

TEST(SignPolicy, TrustsLoopbackOfBothFamiliesAndLocalSockets) {
  EXPECT_TRUE(ours(client_at("127.0.0.1")));
  EXPECT_TRUE(ours(client_at("127.1.2.3")));
  EXPECT_TRUE(ours(client_at("::1")));
  EXPECT_TRUE(ours(client_at("::ffff:127.0.0.1")));
  EXPECT_TRUE(ours(client_of_family(AF_UNIX)));
}

// Mail that comes in and claims our domain is not ours.
TEST(SignPolicy, TrustsNobodyElse) {
  EXPECT_FALSE(ours(client_at("203.0.113.9")));
  EXPECT_FALSE(ours(client_at("2001:db8::1")));
  EXPECT_FALSE(ours(client_at("0.0.0.0")));
  EXPECT_FALSE(ours(client_at("::")));
}

// An unknown family is not 127.0.0.1.
TEST(SignPolicy, NeverTrustsAnUnknownFamily) {
  Config config;
  config.trusted_networks = {*canon::Network::parse("0.0.0.0/0"), *canon::Network::parse("::/0")};
  EXPECT_TRUE(ours(client_at("203.0.113.9"), {}, config));
  EXPECT_FALSE(ours(ClientAddress(), {}, config));
  EXPECT_FALSE(ours(client_of_family(AF_UNSPEC), {}, config));
  EXPECT_FALSE(ours(client_of_family(AF_APPLETALK), {}, config));
}

TEST(SignPolicy, AnUnknownFamilyThatIsAuthenticatedIsOurs) {
  EXPECT_TRUE(ours(ClientAddress(), {{"{auth_type}", "PLAIN"}}));
}

TEST(SignPolicy, WithoutNetworksOnlyLocalSocketsAreTrusted) {
  Config config;
  config.trusted_networks.clear();
  EXPECT_FALSE(ours(client_at("127.0.0.1"), {}, config));
  EXPECT_TRUE(ours(client_of_family(AF_UNIX), {}, config));
}

TEST(SignPolicy, AnAuthenticatedClientIsOurs) {
  EXPECT_TRUE(ours(client_at("203.0.113.9"), {{"{auth_type}", "PLAIN"}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{auth_type}", ""}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{auth_authen}", "alice"}}));
}

TEST(SignPolicy, AuthenticationCanBeSwitchedOff) {
  Config config;
  config.sign_authenticated = false;
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{auth_type}", "PLAIN"}}, config));
  EXPECT_TRUE(ours(client_at("127.0.0.1"), {{"{auth_type}", "PLAIN"}}, config));
}

// Mail that is submitted through another instance is marked by the name of its daemon.
TEST(SignPolicy, AMacroMarksAMessageAsOurs) {
  EXPECT_TRUE(ours(client_at("203.0.113.9"), {{"{daemon_name}", "ORIGINATING"}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{daemon_name}", "smtpd"}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{daemon_name}", "originating"}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{daemon_name}", "ORIGINATING "}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"{daemon_name}", ""}}));
  EXPECT_FALSE(ours(client_at("203.0.113.9"), {{"daemon_name", "ORIGINATING"}}));
}

TEST(SignPolicy, AMacroWithoutValuesAcceptsAnyValueThatIsNotEmpty) {
  Config config;
  config.macros = {{"{x}", {}}, {"{y}", {"1", "2"}}};
  const auto client = client_at("203.0.113.9");
  EXPECT_TRUE(ours(client, {{"{x}", "anything"}}, config));
  EXPECT_FALSE(ours(client, {{"{x}", ""}}, config));
  EXPECT_TRUE(ours(client, {{"{y}", "2"}}, config));
  EXPECT_FALSE(ours(client, {{"{y}", "3"}}, config));
  EXPECT_FALSE(ours(client, {{"{daemon_name}", "ORIGINATING"}}, config));
}

}  // namespace
}  // namespace dkim::milter
