// Writes mails about few things and about many.
#include "keytool/notify/notice.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

constexpr crypto::UtcTime noon{std::chrono::days(20'000)};

ConcernId id_of(std::size_t number) {
  return {fmt::format("d{:06}.example", number), "s", ConcernKind::publish};
}

Concern concern_of(std::size_t number, std::size_t size = 400) {
  const auto id = id_of(number);
  return {
      .id = id,
      .certainty = Certainty::certain,
      .record = crypto::NamedRecord{fmt::format("s._domainkey.{}", id.domain), 3600, std::string(size, 'v')}};
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

Notice notice_about(std::size_t count) {
  NoticePlan plan;
  ConcernDetails details;
  for (std::size_t i = 0; i < count; ++i) {
    plan.fresh.push_back(id_of(i));
    details.add(concern_of(i));
  }
  return notice_of(plan, details, "host", noon);
}

TEST(Notice, describes_up_to_ten_concerns_in_its_text) {
  for (const std::size_t count : {1, 10}) {
    const auto notice = notice_about(count);
    EXPECT_FALSE(notice.attachment);
    EXPECT_EQ(count_of("     value   v", notice.text), count);
    EXPECT_EQ(count_of(" IN TXT (", notice.text), count);
  }
}

TEST(Notice, attaches_the_records_of_more) {
  const auto notice = notice_about(11);
  ASSERT_TRUE(notice.attachment);
  EXPECT_EQ(count_of(": put the record of the key s into DNS\n", notice.text), 11U);
  EXPECT_EQ(notice.text.find(" IN TXT"), std::string::npos);
  EXPECT_EQ(count_of(" IN TXT (", notice.attachment->text), 11U);
  EXPECT_EQ(notice.attachment->text.find(" more"), std::string::npos);
}

TEST(Notice, has_a_bounded_size) {
  const auto notice = notice_about(100'000);
  ASSERT_TRUE(notice.attachment);
  EXPECT_EQ(count_of(": put the record of the key s into DNS\n", notice.text), 100U);
  EXPECT_NE(notice.text.find("\nand 99900 more\n"), std::string::npos);
  EXPECT_LT(notice.text.size(), 20'000U);
  EXPECT_LT(notice.attachment->text.size(), 2'000'000U);
  const auto attached = count_of(" IN TXT (", notice.attachment->text);
  EXPECT_GT(attached, 1000U);
  EXPECT_NE(notice.attachment->text.find(
                fmt::format("; and {} more, which this command prints", 100'000 - attached)),
            std::string::npos);
}

TEST(Notice, has_a_subject_that_says_what_it_is_about) {
  const auto subject = [](std::vector<ConcernId> fresh, std::vector<ConcernId> again,
                          std::vector<ConcernId> done) {
    NoticePlan plan;
    plan.fresh = std::move(fresh);
    plan.again = std::move(again);
    plan.done = std::move(done);
    return notice_of(plan, {}, "host", noon).subject;
  };
  EXPECT_EQ(subject({id_of(1)}, {}, {}), "DKIM: something to do for d000001.example");
  EXPECT_EQ(subject({id_of(1)}, {id_of(1)}, {id_of(2)}), "DKIM: 2 things to do for d000001.example");
  EXPECT_EQ(subject({}, {id_of(1), id_of(2)}, {}), "Reminder, DKIM: 2 things to do for 2 domains");
  EXPECT_EQ(subject({}, {}, {id_of(1)}), "DKIM: done for d000001.example");
  const ConcernId long_one{std::string(60, 'x') + ".example", "s", ConcernKind::publish};
  EXPECT_EQ(subject({long_one}, {}, {}), "DKIM: 1 to do");
  EXPECT_EQ(subject({}, {}, {long_one}), "DKIM: done");
}

TEST(Notice, says_when_nobody_has_to_do_anything) {
  NoticePlan plan;
  plan.done = {id_of(1)};
  ConcernDetails details;
  details.add({.id = id_of(1), .what = "mail is signed with it now"});
  const auto text = notice_of(plan, details, "host", noon).text;
  EXPECT_NE(text.find("is in DNS, or no longer needed; mail is signed with it now\n"), std::string::npos);
  EXPECT_NE(text.find("\nNobody has to do anything now.\n"), std::string::npos);
  EXPECT_EQ(text.find("Please"), std::string::npos);
}

// Reminders that a mail may have leave room for what it will have.
TEST(ConcernDetails, leave_room_for_what_is_certain) {
  ConcernDetails details;
  for (std::size_t i = 0; i < 4000; ++i)
    details.add(concern_of(i), ConcernDetails::Use::possible);
  EXPECT_NE(details.find(id_of(0)), nullptr);
  EXPECT_EQ(details.find(id_of(3999)), nullptr);
  details.add(concern_of(5000, 700'000));
  EXPECT_NE(details.find(id_of(5000)), nullptr);
  details.add(concern_of(5001, 100'000));
  EXPECT_EQ(details.find(id_of(5001)), nullptr);
}

TEST(ConcernDetails, are_kept_up_to_a_limit) {
  ConcernDetails details;
  details.add(concern_of(1, 600'000));
  details.add(concern_of(2, 600'000));
  details.add(concern_of(3, 1000));
  EXPECT_NE(details.find(id_of(1)), nullptr);
  EXPECT_EQ(details.find(id_of(2)), nullptr);
  EXPECT_NE(details.find(id_of(3)), nullptr);
}

}  // namespace
}  // namespace dkim::keytool
