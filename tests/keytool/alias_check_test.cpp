#include "keytool/dns/alias_check.hpp"

#include <gtest/gtest.h>

#include "keytool/dns/observation.hpp"

namespace dkim::keytool {
namespace {

using State = AliasView::State;

const RecordPlace place{"s1._domainkey.shop.example", "s1.shop.example.dkim.hoster.example"};

AliasFinding finding_of(const std::optional<std::string>& leads_to,
                        const std::vector<TxtRecord>& texts = {}) {
  DnsResponse response;
  response.first_alias = leads_to;
  response.texts = texts;
  return check_alias(place, response);
}

TEST(AliasCheck, JudgesWhatAServerHas) {
  EXPECT_EQ(finding_of("s1.shop.example.dkim.hoster.example.").status, AliasStatus::right);
  EXPECT_EQ(finding_of({}).status, AliasStatus::missing);
  EXPECT_EQ(finding_of({}, {{"v=DKIM1; p=", 60}}).status, AliasStatus::text);
  // What the answer adds about the target of the CNAME does not matter.
  EXPECT_EQ(finding_of("s1.shop.example.dkim.hoster.example.", {{"x", 60}}).status, AliasStatus::right);
  const auto elsewhere = finding_of("s2.shop.example.dkim.hoster.example.");
  EXPECT_EQ(elsewhere.status, AliasStatus::elsewhere);
  EXPECT_EQ(text_of(elsewhere), "a CNAME to s2.shop.example.dkim.hoster.example.");
}

TEST(AliasCheck, KnowsATargetWithoutItsDot) {
  EXPECT_EQ(
      text_of(finding_of("s1.shop.example.dkim.hoster.example.shop.example.")),
      "a CNAME to s1.shop.example.dkim.hoster.example.shop.example.; the form has added shop.example to "
      "the target: enter it with a dot at its end");
}

AliasServer serving(const std::string& server, AliasStatus status, const std::string& detail = {}) {
  return {.server = server, .address = "192.0.2.1", .finding = AliasFinding{status, detail}};
}

AliasServer silent(const std::string& server, DnsFault fault = DnsFault::no_answer) {
  return {.server = server, .address = "192.0.2.2", .trouble = DnsError{fault}.text(), .fault = fault};
}

AliasView view_of(std::vector<AliasServer> servers) {
  return summarize(place, {.servers = std::move(servers), .trouble = {}, .zone = "shop.example."});
}

TEST(AliasView, IsRightIfEveryServerIs) {
  const auto view = view_of({serving("ns1.", AliasStatus::right), serving("ns2.", AliasStatus::right)});
  EXPECT_EQ(view.state, State::right);
  EXPECT_EQ(view.detail, "");
}

// A resolver may answer for the name, and not for its zone.
TEST(AliasView, NamesTheDomainIfItsZoneIsUnknown) {
  const auto view =
      summarize(place, {.servers = {serving("resolver", AliasStatus::missing)}, .trouble = {}, .zone = {}});
  EXPECT_EQ(view.detail,
            "the owner of the domain has to make s1._domainkey.shop.example a CNAME to "
            "s1.shop.example.dkim.hoster.example: resolver has no CNAME");
}

TEST(AliasView, SaysWhatTheOwnerHasToDo) {
  const auto view = view_of({serving("ns1.", AliasStatus::right), serving("ns2.", AliasStatus::missing)});
  EXPECT_EQ(view.state, State::missing);
  EXPECT_EQ(view.detail,
            "the owner of shop.example has to make s1._domainkey.shop.example a CNAME to "
            "s1.shop.example.dkim.hoster.example: ns2. has no CNAME");
}

TEST(AliasView, IsWrongIfAnyServerHasSomethingElse) {
  EXPECT_EQ(view_of({serving("ns1.", AliasStatus::missing), serving("ns2.", AliasStatus::text)}).state,
            State::wrong);
  EXPECT_EQ(view_of({silent("ns1."), serving("ns2.", AliasStatus::elsewhere, "x.")}).state, State::wrong);
}

TEST(AliasView, IsUnknownIfAServerIsSilent) {
  const auto view = view_of({serving("ns1.", AliasStatus::right), silent("ns2.")});
  EXPECT_EQ(view.state, State::unknown);
  EXPECT_FALSE(view.all_answered);
  EXPECT_EQ(
      view.detail,
      "not every server of shop.example could be asked for s1._domainkey.shop.example; if that lasts, its "
      "owner has to act: ns2. does not answer");
  // Another address of the same server may answer for it, if there was time to ask both.
  EXPECT_EQ(view_of({serving("ns1.", AliasStatus::right), silent("ns1.")}).state, State::right);
  EXPECT_EQ(view_of({serving("ns1.", AliasStatus::right), silent("ns1.", DnsFault::out_of_time)}).state,
            State::unknown);
  EXPECT_EQ(view_of({}).state, State::unknown);
}

TEST(AliasView, WritesNothingUnprintable) {
  const auto view = view_of({serving("ns1.\x1b[2J", AliasStatus::elsewhere, "x\n\x07")});
  for (const char c : view.detail)
    EXPECT_TRUE(c >= ' ' && c != 0x7f) << view.detail;
}

RecordView record_of(RecordView::State state, State alias, bool all_answered = true) {
  RecordView view;
  view.state = state;
  view.all_answered = all_answered;
  view.alias = {alias, "the owner has to act", all_answered};
  return view;
}

TEST(RecordView, IsEmptyOnlyIfBothSidesAre) {
  using Record = RecordView::State;
  EXPECT_TRUE(record_of(Record::revoked, State::right).is_empty());
  EXPECT_TRUE(record_of(Record::missing, State::missing).is_empty());
  EXPECT_FALSE(record_of(Record::missing, State::right, false).is_empty());
  EXPECT_FALSE(record_of(Record::revoked, State::missing, false).is_empty());
  EXPECT_FALSE(record_of(Record::revoked, State::wrong).is_empty());
  EXPECT_FALSE(record_of(Record::revoked, State::unknown).is_empty());
  EXPECT_FALSE(record_of(Record::wrong, State::missing).is_empty());
  EXPECT_FALSE(record_of(Record::unknown, State::right).is_empty());
}

TEST(KeyObservation, SaysWhichSideHasToAct) {
  KeyObservation observation;
  observation.alias = AliasObservation{.servers = {serving("ns1.", AliasStatus::missing)},
                                       .trouble = {},
                                       .zone = "shop.example.",
                                       .memory = 7200};
  observation.record.servers.push_back(
      {.server = "ns9.", .address = "192.0.2.9", .finding = RecordFinding{RecordStatus::missing}});
  observation.record.memory = 3600;
  const auto view = summarize(place, observation);
  EXPECT_EQ(view.memory, std::chrono::seconds(7200));
  EXPECT_EQ(what_is_wrong(view),
            "its record is not on every server: at s1.shop.example.dkim.hoster.example, which is ours: ns9. "
            "serves: missing; the owner of shop.example has to make s1._domainkey.shop.example a CNAME to "
            "s1.shop.example.dkim.hoster.example: ns1. has no CNAME");
}

}  // namespace
}  // namespace dkim::keytool
