// Tests that a record entered under another name is found there, and that the advice says what to enter.
#include "keytool/dns/misplaced_record.hpp"

#include <gtest/gtest.h>

#include <map>

namespace dkim::keytool {
namespace {

const crypto::KeyRecord ours{crypto::Algorithm::ed25519, std::vector<unsigned char>(32, 7), {}};
const crypto::KeyRecord other{crypto::Algorithm::ed25519, std::vector<unsigned char>(32, 8), {}};

std::optional<std::string> find(const std::string& name, const std::string& zone,
                                const std::map<std::string, std::string>& texts,
                                const crypto::KeyRecord& expected = ours) {
  return find_misplaced(expected, name, zone, [&](const std::string& asked) {
    const auto found = texts.find(asked);
    return found == texts.end() ? std::vector<std::string>{} : std::vector{found->second};
  });
}

TEST(MisplacedRecord, IsFoundWhereFormsPutIt) {
  const std::string record = write_record(ours);
  const std::vector<std::tuple<std::string, std::string, std::string, std::string>> rows{
      {"m._domainkey.d.example.", "d.example.", "m._domainkey.d.example.d.example.",
       "the record is at m._domainkey.d.example.d.example instead; the form adds d.example automatically: "
       "enter "
       "the name as m._domainkey"},
      {"m._domainkey.a.d.example.", "d.example.", "m._domainkey.a.d.example.d.example.",
       "the form adds d.example automatically: enter the name as m._domainkey.a"},
      {"m._domainkey.a.d.example.", "d.example.", "m._domainkey.a.d.example.a.d.example.",
       "the form adds a.d.example automatically"},
      {"m._domainkey.a.d.example.", "d.example.", "m._domainkey.d.example.",
       "enter the name as m._domainkey.a, to which the form adds d.example"},
      {"m._domainkey.d.example.", "d.example.", "m.d.example.", "enter the name as m._domainkey, to which"},
      {"m._domainkey.d.example.", "d.example.", "m.domainkey.d.example.", "enter the name as m._domainkey"},
      {"m._domainkey.d.example.", "d.example.", "m-domainkey.d.example.", "enter the name as m._domainkey"},
      {"m._domainkey.d.example.", "d.example.", "_domainkey.d.example.", "enter the name as m._domainkey"},
      {"m._domainkey.d.example.", "d.example.", "d.example.", "the record is at d.example instead"},
      {"m.n._domainkey.d.example.", "d.example.", "m.n.d.example.", "enter the name as m.n._domainkey"},
  };
  for (const auto& [name, zone, place, said] : rows) {
    const auto found = find(name, zone, {{place, record}});
    ASSERT_TRUE(found.has_value()) << place;
    EXPECT_NE(found->find(said), std::string::npos) << *found;
  }
}

TEST(MisplacedRecord, IsKnownByItsKey) {
  const std::string name = "m._domainkey.d.example.";
  EXPECT_TRUE(find(name, "d.example.", {{"m.d.example.", "\"" + write_record(ours) + "\""}}));
  EXPECT_FALSE(find(name, "d.example.", {{"m.d.example.", write_record(other)}}));
  EXPECT_FALSE(find(name, "d.example.", {{"m.d.example.", "v=spf1 -all"}}));
  EXPECT_FALSE(find(name, "d.example.", {}));
  // A revoked key is not looked for: its empty p= would be found in every record.
  EXPECT_FALSE(find(name, "d.example.", {{"m.d.example.", write_record(ours)}}, {ours.algorithm, {}, {}}));
}

TEST(MisplacedRecord, FewNamesAreAskedFor) {
  EXPECT_LE(misplaced_names("m._domainkey.a.b.example.", "example.").size(), 12U);
  EXPECT_TRUE(misplaced_names("no.key.of.ours.", "ours.").empty());
}

}  // namespace
}  // namespace dkim::keytool
