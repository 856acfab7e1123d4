// What lexicon prints when it fails, and what is made of it.
#include "keytool/lexicon/lexicon_errors.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dkim::keytool {
namespace {

TEST(LexiconErrors, tells_the_reasons_apart) {
  const struct {
    const char* line;
    ProviderFault fault;
  } cases[] = {
      {"lexicon: error: argument provider_name: invalid choice: 'nobody' (choose from 'aliyun')",
       ProviderFault::no_program},
      {"lexicon.exceptions.ProviderNotAvailableError: This provider (route53) has required extra "
       "dependencies",
       ProviderFault::no_program},
      {"requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://x/y",
       ProviderFault::credentials},
      {"requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://x/y",
       ProviderFault::credentials},
      {"lexicon.providers.powerdns.PowerDNSProviderError: PowerDNS API key not defined (auth_token)",
       ProviderFault::credentials},
      {"lexicon.exceptions.AuthenticationError: No zone was found in account matching example.com",
       ProviderFault::zone},
      {"lexicon.exceptions.AuthenticationError: No domain found", ProviderFault::zone},
      {"requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://x/y",
       ProviderFault::zone},
      {"lexicon.exceptions.AuthenticationError: Failed to authenticate: Authentication error (2200)",
       ProviderFault::credentials},
      {"requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://x",
       ProviderFault::busy},
      {"requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://x",
       ProviderFault::busy},
      {"requests.exceptions.ConnectionError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded",
       ProviderFault::unreachable},
      {"requests.exceptions.SSLError: HTTPSConnectionPool(host='x', port=443)", ProviderFault::unreachable},
      {"socket.gaierror: [Errno -2] Name or service not known", ProviderFault::unreachable},
      {"json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
       ProviderFault::not_understood},
      {"KeyError: 'rrsets'", ProviderFault::not_understood},
      {"requests.exceptions.HTTPError: 422 Client Error: Unprocessable Entity for url: https://x",
       ProviderFault::refused},
      {"Exception: Failed to create record: Parameter value policy error (2306)", ProviderFault::refused},
  };
  for (const auto& [line, fault] : cases)
    EXPECT_EQ(fault_in(std::string("Traceback (most recent call last):\n  raise \"404 Client Error\"\n") +
                       line + "\n\n"),
              fault)
        << line;
  EXPECT_EQ(fault_in(""), ProviderFault::refused);
  EXPECT_EQ(fault_in("\n \n"), ProviderFault::refused);
}

TEST(LexiconErrors, quotes_little_and_nothing_that_moves_the_cursor) {
  const std::string quoted =
      quoted_end("first\n" + std::string(1000, 'a') + "\x1b[31m" + std::string(1000, 'b') + "\n");
  EXPECT_LT(quoted.size(), 420U);
  EXPECT_TRUE(quoted.starts_with("aaa"));
  EXPECT_TRUE(quoted.ends_with("bbb"));
  EXPECT_EQ(quoted_end("Error: \x1b[31mred\x07 \xff\n"), "Error: \\x1b[31mred\\x07 \\xff");
}

TEST(LexiconErrors, says_what_a_person_can_do) {
  const auto domain = canon::DomainName::parse("example.com");
  const auto error = describe_failure({"hetzner", *domain, "/etc/dkimsignd/hetzner.env",
                                       "requests.exceptions.HTTPError: 401 Client Error: x"});
  EXPECT_EQ(std::string(error.what()),
            "the API of hetzner refuses the credentials in /etc/dkimsignd/hetzner.env: "
            "requests.exceptions.HTTPError: "
            "401 Client Error: x");
  EXPECT_NE(std::string(describe_failure({"hetzner", *domain, "/x", ""}).what()).find("it printed no reason"),
            std::string::npos);
}

}  // namespace
}  // namespace dkim::keytool
