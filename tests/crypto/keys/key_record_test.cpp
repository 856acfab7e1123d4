#include "crypto/keys/key_record.hpp"

#include <gtest/gtest.h>

#include "crypto/base64.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

std::string refusal(std::string_view record) {
  const auto parsed = parse_record(record);
  return parsed ? "(read)" : parsed.refusal().reason + " at " + std::to_string(parsed.refusal().byte);
}

TEST(WriteRecordTest, EachKind) {
  EXPECT_EQ(write_record(make_record(test::rsa_key(), {})),
            "v=DKIM1; k=rsa; p=" + base64_encode(test::rsa_key().public_key()));
  EXPECT_EQ(write_record(make_record(test::ed25519_key(), {})),
            "v=DKIM1; k=ed25519; p=" + base64_encode(test::ed25519_key().public_key()));
  EXPECT_EQ(write_record({Algorithm::rsa, {}, {}}), "v=DKIM1; k=rsa; p=");
}

TEST(WriteRecordTest, Flags) {
  EXPECT_EQ(
      write_record({Algorithm::rsa,
                    {},
                    {.strict = true, .test = true, .email_only = true, .hashes = "sha256", .note = "x"}}),
      "v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; n=x; p=");
  EXPECT_EQ(write_record({Algorithm::rsa, {}, {.strict = true, .hashes = {}, .note = {}}}),
            "v=DKIM1; k=rsa; t=s; p=");
  EXPECT_EQ(write_record({Algorithm::rsa, {}, {.test = true, .hashes = {}, .note = {}}}),
            "v=DKIM1; k=rsa; t=y; p=");
}

// Whatever a note contains, it does not end the record, and reads back the same.
TEST(RecordTest, NotesOfAnyBytes) {
  std::vector<std::string> notes = {"call \"Bob\"; or \\ him",
                                    "p=AAAA; t=y",
                                    "line\nbreak\r\n",
                                    "a=20b =3D",
                                    "\xc3\xa4\xff\x01\x7f",
                                    " spaces ",
                                    "=",
                                    "=4",
                                    "tail=\\"};
  std::string all;
  for (int octet = 1; octet < 256; ++octet)
    all += static_cast<char>(octet);
  notes.push_back(all);
  for (const auto& note : notes) {
    const KeyRecord record{
        Algorithm::ed25519, test::ed25519_key().public_key(), {.hashes = {}, .note = note}};
    const std::string text = write_record(record);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 "
                                     "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
              std::string::npos);
    const auto read = parse_record(text);
    ASSERT_TRUE(read) << text << ": " << read.refusal().reason;
    EXPECT_EQ(*read, record) << text;
  }
}

TEST(ParseRecordTest, RoundTrip) {
  for (const bool strict : {false, true}) {
    for (const bool test : {false, true}) {
      const KeyRecord record = make_record(
          test::rsa_key(),
          {.strict = strict, .test = test, .email_only = strict, .hashes = test ? "sha256" : "", .note = {}});
      const auto read = parse_record(write_record(record));
      ASSERT_TRUE(read);
      EXPECT_EQ(*read, record);
    }
  }
}

TEST(ParseRecordTest, ReadsWhatOthersWrite) {
  // k= defaults to rsa; v= may be absent; base64 may contain white space; unknown tags are ignored.
  const auto read = parse_record(" p = AA\r\n AA ;x=y; t=Y:s ; s=*; n=");
  ASSERT_TRUE(read) << read.refusal().reason;
  EXPECT_EQ(read->algorithm, Algorithm::rsa);
  EXPECT_EQ(read->public_key, std::vector<unsigned char>(3, 0));
  EXPECT_TRUE(read->flags.strict);
  EXPECT_FALSE(read->flags.test);  // flags are case-sensitive
  EXPECT_FALSE(read->flags.email_only);
  const auto services = parse_record("v=DKIM1; s=other:email; p=");
  ASSERT_TRUE(services);
  EXPECT_TRUE(services->flags.email_only);
  EXPECT_TRUE(services->public_key.empty());
}

TEST(ParseRecordTest, RefusesWithThePosition) {
  EXPECT_EQ(refusal("v=DKIM2; p="), "v= is not DKIM1 at 0");
  EXPECT_EQ(refusal("k=rsa; v=DKIM1; p="), "v= is not the first tag at 7");
  EXPECT_EQ(refusal("v=DKIM1; k=dsa; p="), "a key type other than rsa and ed25519 at 9");
  EXPECT_EQ(refusal("v=DKIM1; p=AAA"), "p= is not base64 at 9");
  EXPECT_EQ(refusal("v=DKIM1; p=AA*A"), "p= is not base64 at 9");
  EXPECT_EQ(refusal("v=DKIM1; s=web; p="), "a key that is not for e-mail at 9");
  EXPECT_EQ(refusal("v=DKIM1; k=rsa"), "no p= tag at 14");
  EXPECT_EQ(refusal(""), "no tag at all at 0");
  EXPECT_NE(refusal("v=DKIM1; p=AAAA; p=BBBB"), "(read)");
  EXPECT_NE(refusal("v=DKIM1; p"), "(read)");
  EXPECT_NE(refusal("v=spf1 -all"), "(read)");
}

TEST(RecordNameTest, SelectorAndDomain) {
  EXPECT_EQ(record_name(test::selector("a.b"), test::domain_name("EXAMPLE.com.")),
            "a.b._domainkey.example.com");
  EXPECT_EQ(record_label(test::selector("a.b")), "a.b._domainkey");
}

// --fit: the record of a key of this size fits, and that of the next larger one does not.
TEST(LargestRsaBitsTest, FitsAndIsTheLargest) {
  std::vector<RecordFlags> cases(4);
  cases[1].note = "abc";
  cases[2].strict = cases[2].test = cases[2].email_only = true;
  cases[3].hashes = "sha256";
  for (const auto& flags : cases) {
    for (const std::size_t limit : {255U, 300U, 410U, 500U}) {
      const int bits = largest_rsa_bits(flags, limit);
      ASSERT_GE(bits, min_rsa_bits);
      EXPECT_LE(write_record(make_record(PrivateKey::generate_rsa(bits), flags)).size(), limit) << bits;
      EXPECT_GT(write_record(make_record(PrivateKey::generate_rsa(bits + 8), flags)).size(), limit) << bits;
    }
  }
}

TEST(RecordFlags, AllowSha256IfTheyListItOrNothing) {
  for (const auto* hashes : {"", "sha256", "sha1:sha256", "sha256:sha1"})
    EXPECT_TRUE(RecordFlags{.hashes = hashes}.allows_sha256()) << hashes;
  for (const auto* hashes : {"sha1", "sha2567", "xsha256", "SHA256", "sha1:sha512"})
    EXPECT_FALSE(RecordFlags{.hashes = hashes}.allows_sha256()) << hashes;
}

TEST(LargestRsaBitsTest, NothingFitsOrEverythingDoes) {
  EXPECT_EQ(largest_rsa_bits({}, 0), 0);
  EXPECT_EQ(largest_rsa_bits({}, 200), 0);
  EXPECT_EQ(largest_rsa_bits({.hashes = {}, .note = std::string(300, 'x')}, 255), 0);
  EXPECT_EQ(largest_rsa_bits({}, 100'000), max_rsa_bits);
}

}  // namespace
}  // namespace dkim::crypto
