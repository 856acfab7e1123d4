// Decides which entries of a report need a person, and what they say.
#include "keytool/notify/concern.hpp"

#include <gtest/gtest.h>

#include "keytool/notify/concern_text.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;
using Method = crypto::PublishSettings::Method;
using What = Publication::What;

const auto domain = test::domain_name("a.example");

HandWork work(const std::string& name, What what, const std::string& value = "v=DKIM1; p=x") {
  return {what, {name + "._domainkey.a.example", 3600, what == What::nothing ? "" : value}};
}

Waiting waits(const std::string& name, const std::string& reason, std::optional<UtcTime> until = {},
              Waiting::For what = Waiting::For::dns_or_person) {
  return {selector(name), reason, until, what};
}

std::string text_of(const std::vector<Concern>& concerns) {
  std::string text;
  for (const auto& concern : concerns) {
    text += std::to_string(static_cast<int>(concern.id.kind)) + " " + concern.id.selector +
            (concern.certainty == Certainty::certain ? "" : " (may pass)") + ": " + concern.what + "; ";
  }
  return text;
}

std::string concerns(const TurnReport& report, Method method = Method::manual) {
  return text_of(concerns_of(domain, report, method));
}

TEST(Concerns, of_an_idle_domain_are_none) {
  TurnReport report;
  report.manifest = manifest({active, retiring});
  report.events = {"activated a"};
  report.waiting = {waits("r", "mail may be on its way", noon, Waiting::For::time)};
  EXPECT_EQ(concerns(report), "");
}

TEST(Concerns, are_records_that_a_person_publishes) {
  TurnReport report;
  report.manifest = manifest({active, pending, revoked, key("w", KeyState::revoked)});
  report.hand_work = {work("p", What::record), work("v", What::empty_record), work("w", What::nothing)};
  report.waiting = {waits("p", "not there"), waits("v", "a key"), waits("w", "not needed")};
  report.dns = {{selector("p"), view(State::missing)},
                {selector("v"), view(State::wrong)},
                {selector("w"), view(State::revoked)}};
  EXPECT_EQ(concerns(report), "0 p: not there; 1 v: a key; 2 w: not needed; ");
  // In a dry run, those of a program are not a person's work.
  EXPECT_EQ(concerns(report, Method::hook),
            "3 p (may pass): not there; 3 v (may pass): a key; 3 w (may pass): not needed; ");
}

TEST(Concerns, may_pass_while_not_every_server_answers) {
  TurnReport report;
  report.manifest = manifest({pending});
  report.hand_work = {work("p", What::record)};
  report.dns = {{selector("p"), so_far(State::missing)}};
  EXPECT_EQ(concerns(report), "0 p (may pass): ; ");
  report.dns.clear();
  EXPECT_EQ(concerns(report), "0 p (may pass): ; ");
}

TEST(Concerns, are_keys_that_do_not_go_on) {
  TurnReport report;
  report.manifest = manifest({active, pending});
  report.waiting = {waits("a", "its successor waits for a free slot"),
                    waits("p", "resolvers may remember", noon + 1h)};
  EXPECT_EQ(concerns(report), "3 a (may pass): its successor waits for a free slot; ");
}

// Besides what is to be done in DNS.
TEST(Concerns, are_machines_that_hold_up_a_key) {
  TurnReport report;
  report.manifest = manifest({active, retiring, revoked});
  report.hand_work = {work("v", What::empty_record)};
  report.waiting = {waits("r", "mx1 catches up", {}, Waiting::For::time),
                    waits("v", "may sign on mx2", {}, Waiting::For::signers), waits("v", "a key")};
  report.dns = {{selector("v"), view(State::wrong)}};
  EXPECT_EQ(concerns(report), "5 v (may pass): may sign on mx2; 1 v: a key; ");
  const auto found = concerns_of(domain, report, Method::manual);
  EXPECT_NE(found[0].otherwise.find("Mail that such a machine signs with the key fails"), std::string::npos);
  EXPECT_EQ(concern_line(found[0].id), "a.example: machines of the fleet hold up the key v");
  report.manifest = manifest({active, pending});
  report.waiting = {waits("p", "mx2 lacks it", {}, Waiting::For::signers)};
  EXPECT_EQ(concerns_of(domain, report, Method::hook).at(0).otherwise,
            "The key stays pending until then, and mail is signed as before.");
}

TEST(Concerns, are_publications_that_fail) {
  TurnReport report;
  report.manifest = manifest({active, pending});
  report.failures = {"p._domainkey.a.example: the server refuses"};
  report.waiting = {waits("p", "not there")};
  EXPECT_EQ(concerns(report, Method::update), "3 p (may pass): p._domainkey.a.example: the server refuses; ");
  report.failures = {"DNS keeps changing"};
  report.waiting.clear();
  EXPECT_EQ(concerns(report, Method::update), "4  (may pass): DNS keeps changing; ");
  EXPECT_EQ(text_of({concern_of_failure(domain, "keys.conf:1: nonsense")}),
            "4  (may pass): keys.conf:1: nonsense; ");
}

struct OtherwiseCase {
  std::string name;
  Manifest keys;
  What what;
  std::string words;
};

class Otherwise : public testing::TestWithParam<OtherwiseCase> {};

TEST_P(Otherwise, says_what_happens_if_nobody_acts) {
  TurnReport report;
  report.manifest = GetParam().keys;
  const auto name = report.manifest.keys.back().selector.str();
  report.hand_work = {work(name, GetParam().what)};
  const auto found = concerns_of(domain, report, Method::manual);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].otherwise.find(GetParam().words), std::string::npos) << found[0].otherwise;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Otherwise,
    testing::Values(OtherwiseCase{"a_turn", manifest({active, pending}), What::record,
                                  "mail is signed with the key a until"},
                    OtherwiseCase{"a_first_key", manifest({pending}), What::record,
                                  "Until then mail from a.example is not signed."},
                    OtherwiseCase{"a_first_key_of_its_kind",
                                  manifest({active, key("e", KeyState::pending, Algorithm::ed25519)}),
                                  What::record, "Until then mail has no ed25519-sha256 signature."},
                    OtherwiseCase{"a_key_that_signs", manifest({active}), What::record,
                                  "receivers cannot verify that until"},
                    OtherwiseCase{"a_void_key", manifest({active, revoked}), What::empty_record,
                                  "its private key was destroyed on 2026-11-23."},
                    OtherwiseCase{"a_forgotten_key", manifest({active, revoked}), What::nothing,
                                  "No mail depends on it"}),
    [](const auto& tested) { return tested.param.name; });

Concern concern_in(const std::string& zone) {
  TurnReport report;
  report.manifest = manifest({pending});
  report.hand_work = {work("p", What::record)};
  auto shown = view(State::missing);
  shown.zone = zone;
  report.dns = {{selector("p"), shown}};
  return concerns_of(domain, report, Method::manual).at(0);
}

TEST(ConcernDetails, name_the_record_as_a_form_wants_it) {
  EXPECT_NE(concern_details(concern_in("a.example")).find("zone a.example:\n     name    p._domainkey\n"),
            std::string::npos);
  EXPECT_NE(concern_details(concern_in("example")).find("     name    p._domainkey.a\n"), std::string::npos);
  EXPECT_NE(concern_details(concern_in("p._domainkey.a.example")).find("     name    @\n"),
            std::string::npos);
  // A CNAME leads to a zone in which that name is not.
  for (const auto* elsewhere : {"", "other.example", "xample", "b.a.example"})
    EXPECT_NE(concern_details(concern_in(elsewhere)).find("     name    p._domainkey.a.example\n"),
              std::string::npos);
}

TEST(ConcernDetails, cannot_be_forged_by_what_a_server_says) {
  auto concern = concern_in("a.example");
  concern.what = "x\r\n.\r\nFrom: y \x1b[2J \xC3\xA4 " + std::string(5000, 'z');
  for (const auto& text :
       {concern_details(concern), concern_zone_text({concern.id, Certainty::certain, concern.what})}) {
    EXPECT_EQ(text.find_first_of("\r\x1b\xC3"), std::string::npos) << text;
    EXPECT_EQ(text.find("\nFrom"), std::string::npos) << text;
    EXPECT_EQ(text.find("\n.\n"), std::string::npos) << text;
    EXPECT_LT(text.size(), 4000U);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      EXPECT_LT(text.find('\n', at) - at, 950U);
  }
}

TEST(Wrapped, breaks_between_words) {
  EXPECT_EQ(wrapped("", "  "), "");
  EXPECT_EQ(wrapped("a  b", "; "), "; a b\n");
  const std::string word(40, 'x');
  EXPECT_EQ(wrapped(word + " " + word, ""), word + "\n" + word + "\n");
  EXPECT_EQ(wrapped(std::string(2000, 'x'), " "), " " + std::string(900, 'x') + "\n");
}

}  // namespace
}  // namespace dkim::keytool
