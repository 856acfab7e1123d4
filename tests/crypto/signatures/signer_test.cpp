#include "crypto/signatures/signer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "canon/tag_list.hpp"
#include "tests/crypto/signatures/signature_verifier.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using canon::Canonicalization;
using test::domain_name;
using test::parse_message;
using test::selector;
using test::tag;
using test::verify;

// Returns a pointer to the key that does not own it.
std::shared_ptr<const PrivateKey> lent(const PrivateKey& key) {
  return {&key, [](const PrivateKey*) {}};
}

std::vector<SigningKey> both_keys() {
  return {{selector("server"), lent(test::rsa_key())},
          {selector("server-ed25519"), lent(test::ed25519_key())}};
}

constexpr const char* message_text =
    "Received: by mail.example.com\r\n"
    "From: Alerts <alerts@example.com>\r\n"
    "Subject:  two  spaces\r\n\tand a fold \r\n"
    "To: root@example.org\r\n"
    "To: second@example.org\r\n"
    "Date:\r\n Tue, 24 Nov 2026 06:00:00 +0000\r\n"
    "\r\n"
    "Hello  there \r\n\r\nbye\t\r\n\r\n\r\n";

std::vector<canon::HeaderField> sign(const SigningSettings& settings, const std::vector<SigningKey>& keys,
                                     const test::ParsedMessage& message,
                                     const std::vector<std::size_t>& splits = {}) {
  Signer signer(settings, domain_name("example.com"), keys);
  std::size_t at = 0;
  for (const std::size_t split : splits) {
    signer.body(std::string_view(message.body).substr(at, split - at));
    at = split;
  }
  signer.body(std::string_view(message.body).substr(at));
  return signer.sign(message.fields, *parse_utc_time("2026-11-24T06:00:00Z"));
}

class SignerTest : public testing::TestWithParam<std::tuple<Canonicalization, Canonicalization>> {
 protected:
  SignerTest() { settings_.canonicalization = {std::get<0>(GetParam()), std::get<1>(GetParam())}; }
  SigningSettings settings_;
};

// From one pass over the body; no signature covers another one.
TEST_P(SignerTest, SecondSignersFollowTheAuthor) {
  const auto message = parse_message(message_text);
  SigningIdentity identity{domain_name("example.com"), both_keys(), {}};
  identity.second.push_back({domain_name("esp.example"), {{selector("e"), lent(test::other_rsa_key())}}});
  Signer signer(settings_, identity);
  signer.body(message.body);
  const auto signatures = signer.sign(message.fields, *parse_utc_time("2026-11-24T06:00:00Z"));
  ASSERT_EQ(signatures.size(), 3U);
  EXPECT_EQ(tag(signatures[0], "d"), "example.com");
  EXPECT_EQ(tag(signatures[1], "d"), "example.com");
  EXPECT_EQ(tag(signatures[2], "d"), "esp.example");
  EXPECT_EQ(tag(signatures[2], "s"), "e");
  EXPECT_EQ(verify(signatures[2], message, test::other_rsa_key()), "");
  EXPECT_EQ(verify(signatures[0], message, test::rsa_key()), "");
}

// There are as many signatures as keys, from one pass over the body.
TEST_P(SignerTest, EverySignatureVerifies) {
  const auto message = parse_message(message_text);
  auto keys = both_keys();
  keys.push_back({selector("third"), lent(test::other_rsa_key())});
  const auto signatures = sign(settings_, keys, message);
  ASSERT_EQ(signatures.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(verify(signatures[i], message, *keys[i].key), "") << signatures[i].value;
    EXPECT_EQ(tag(signatures[i], "s"), keys[i].selector.str());
    EXPECT_EQ(tag(signatures[i], "d"), "example.com");
    EXPECT_EQ(tag(signatures[i], "c"), to_string(settings_.canonicalization));
    EXPECT_EQ(tag(signatures[i], "t"), "1795500000");
  }
}

TEST_P(SignerTest, ChangesAreNoticed) {
  const auto message = parse_message(message_text);
  const auto signature = sign(settings_, both_keys(), message).front();
  auto changed = message;
  changed.body.front() = 'J';
  EXPECT_NE(verify(signature, changed, test::rsa_key()), "");
  changed = message;
  changed.fields[1].value += ", other@example.com";
  EXPECT_NE(verify(signature, changed, test::rsa_key()), "");
  // These fields are oversigned: a second one cannot be added anywhere.
  for (const auto* name : {"From", "Subject", "To", "Reply-To", "Cc", "Date"}) {
    changed = message;
    changed.fields.insert(changed.fields.begin(), {name, " x@example.com"});
    EXPECT_NE(verify(signature, changed, test::rsa_key()), "") << name;
  }
  EXPECT_NE(verify(signature, message, test::other_rsa_key()), "");
}

TEST_P(SignerTest, UnsignedFieldsMayBeAdded) {
  auto message = parse_message(message_text);
  const auto signature = sign(settings_, both_keys(), message).front();
  message.fields.insert(message.fields.begin(), {"Received", " by another.example"});
  message.fields.insert(message.fields.begin(), signature);
  // RFC 6409 §8: a hop may add fields that the message does not have.
  message.fields.insert(message.fields.begin(), {"Message-ID", " <1@relay.example>"});
  message.fields.insert(message.fields.begin(), {"MIME-Version", " 1.0"});
  EXPECT_EQ(verify(signature, message, test::rsa_key()), "");
}

TEST_P(SignerTest, AnySplitOfTheBodySignsTheSame) {
  const auto message = parse_message(message_text);
  const auto whole = sign(settings_, both_keys(), message);
  for (std::size_t first = 0; first <= message.body.size(); ++first) {
    const auto split =
        sign(settings_, both_keys(), message, {first, std::min(first + 3, message.body.size())});
    ASSERT_EQ(split.front().value, whole.front().value) << "split at " << first;
  }
}

TEST_P(SignerTest, OddMessages) {
  const std::vector<std::string> bodies = {"",
                                           "\r\n",
                                           "\r\n\r\n",
                                           "no line end",
                                           " ",
                                           "\t \r\n",
                                           std::string("a\0b\r\n", 5),
                                           "\xff\xfe\r\n",
                                           "a\rb\r\n",
                                           std::string(100'000, 'x') + "\r\n"};
  for (const auto& body : bodies) {
    auto message = parse_message(message_text);
    message.body = body;
    message.fields.push_back({"Subject", ""});
    message.fields.push_back({"SUBJECT", "x"});
    message.fields.push_back({"Reply-To", "\r\n \r\n x"});
    const auto signatures = sign(settings_, both_keys(), message);
    EXPECT_EQ(verify(signatures[0], message, test::rsa_key()), "") << body.substr(0, 10);
    EXPECT_EQ(verify(signatures[1], message, test::ed25519_key()), "") << body.substr(0, 10);
  }
}

TEST_P(SignerTest, RandomMessages) {
  std::mt19937 random(20261124);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  constexpr std::string_view octets = "ab \t\r\n:;=\\\"\xc3\xa4";
  const std::vector<std::string> names = {"From", "To", "Subject", "X-Other", "List-Id", "dAtE"};
  for (int round = 0; round < 200; ++round) {
    test::ParsedMessage message;
    message.fields.push_back({"From", " a@example.com"});
    for (auto i = below(8); i > 0; --i) {
      std::string value;
      for (auto n = below(20); n > 0; --n) {
        const char c = octets[below(octets.size())];
        if (c == '\n' || c == '\r') {
          value += "\r\n ";
        } else {
          value += c;
        }
      }
      message.fields.push_back({names[below(names.size())], value});
    }
    for (auto n = below(60); n > 0; --n)
      message.body += octets[below(octets.size())];
    const auto signatures = sign(settings_, both_keys(), message);
    ASSERT_EQ(verify(signatures[0], message, test::rsa_key()), "") << "round " << round;
    ASSERT_EQ(verify(signatures[1], message, test::ed25519_key()), "") << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SignerTest,
    testing::Combine(testing::Values(Canonicalization::simple, Canonicalization::relaxed),
                     testing::Values(Canonicalization::simple, Canonicalization::relaxed)));

std::vector<std::string> tag_names(const canon::HeaderField& signature) {
  std::vector<std::string> names;
  const auto list = canon::TagList::parse(signature.value);
  for (const auto& entry : list->tags())
    names.emplace_back(entry.name);
  return names;
}

TEST(SignatureFormTest, TagsInOrderAndNoOthers) {
  const auto message = parse_message(message_text);
  const auto signature = sign({}, both_keys(), message).front();
  EXPECT_EQ(signature.name, "DKIM-Signature");
  EXPECT_EQ(tag_names(signature), (std::vector<std::string>{"v", "a", "c", "d", "s", "t", "h", "bh", "b"}));
  EXPECT_EQ(tag(signature, "v"), "1");
  EXPECT_TRUE(signature.value.starts_with(" v=1;"));
  EXPECT_FALSE(signature.value.ends_with(";"));
}

TEST(SignatureFormTest, Expiration) {
  SigningSettings settings;
  settings.expiration = std::chrono::seconds(3600);
  const auto message = parse_message(message_text);
  const auto signature = sign(settings, both_keys(), message).front();
  EXPECT_EQ(tag_names(signature),
            (std::vector<std::string>{"v", "a", "c", "d", "s", "t", "x", "h", "bh", "b"}));
  EXPECT_EQ(tag(signature, "x"), "1795503600");
  EXPECT_EQ(verify(signature, message, test::rsa_key()), "");
}

// A line has at most 76 columns, where a tab goes to the next multiple of 8; every fold is CRLF HTAB.
TEST(SignatureFormTest, Folds) {
  auto message = parse_message(message_text);
  for (int i = 0; i < 40; ++i)
    message.fields.push_back({"List-Unsubscribe-Post", " x"});
  SigningSettings settings;
  settings.expiration = std::chrono::seconds(3600);
  for (const auto& signature : sign(settings, both_keys(), message)) {
    std::string text = signature.name + ":" + signature.value + "\r\n";
    EXPECT_EQ(text.find("\r\n\r\n"), std::string::npos);
    bool first = true;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find("\r\n"));
      EXPECT_LE(line.size() + (first ? 0 : 7), 76U) << line;
      EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
      EXPECT_NE(line.find_first_not_of(" \t"), std::string::npos) << "a line of white space only";
      EXPECT_TRUE(first || line.front() == '\t') << line;
      first = false;
      text.erase(0, line.size() + 2);
    }
  }
}

// Even the longest names are not broken into two lines, and the signature holds.
TEST(SignatureFormTest, LongNames) {
  const std::string label(63, 'a');
  const auto long_domain = domain_name(label + "." + label + "." + label + ".com");
  auto message = parse_message(message_text);
  SigningSettings settings;
  settings.fields = *canon::FieldPolicy::from_lists({"+" + std::string(200, 'X')}, {});
  message.fields.push_back({std::string(200, 'X'), " y"});
  Signer signer(settings, long_domain, {{selector(label + "." + label), lent(test::rsa_key())}});
  signer.body(message.body);
  const auto signature = signer.sign(message.fields, UtcTime{}).front();
  EXPECT_EQ(tag(signature, "d"), long_domain.str());
  EXPECT_NE(signature.value.find(long_domain.str()), std::string::npos);
  EXPECT_EQ(verify(signature, message, test::rsa_key()), "");
}

TEST(SignerThreadsTest, OneKeySignsForManyThreadsAtOnce) {
  const auto message = parse_message(message_text);
  const auto expected = sign({}, both_keys(), message);
  std::vector<std::thread> threads;
  std::vector<int> wrong(8, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const auto signatures = sign({}, both_keys(), message);
        // Both kinds of signature are deterministic: any mix-up between threads shows.
        if (signatures[0].value != expected[0].value || signatures[1].value != expected[1].value) ++wrong[i];
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, std::vector<int>(wrong.size(), 0));
}

}  // namespace
}  // namespace dkim::crypto
