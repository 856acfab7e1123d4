// Decides over hours and days what is told: each case is a story of runs, each with what it sees and what it
// has to tell.
#include "keytool/notify/notice_plan.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace dkim::keytool {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr crypto::UtcTime start{std::chrono::days(20'000)};
constexpr auto certain = Certainty::certain;
constexpr auto may_pass = Certainty::may_pass;
constexpr int day = 24;
constexpr int week = 7 * day;

const ConcernId publish{"a.example", "s", ConcernKind::publish};
const ConcernId empty{"a.example", "s", ConcernKind::empty};
const ConcernId stuck{"a.example", "s", ConcernKind::stuck};
const ConcernId unhandled{"a.example", "", ConcernKind::unhandled};
const ConcernId other{"b.example", "s", ConcernKind::publish};

struct Run {
  enum class Mail { sent, failed };

  int hour;  // since the start
  std::map<ConcernId, Certainty> open;
  std::string told;
  Mail mail = Mail::sent;
  std::set<std::string> reported = {"a.example", "b.example"};
  std::set<std::string> gone = {};
};

struct Story {
  std::string name;
  std::vector<Run> runs;
};

std::ostream& operator<<(std::ostream& out, const Story& story) {
  return out << story.name;
}

std::string text_of(const NoticePlan& plan) {
  std::string text;
  const auto add = [&](const std::string& what, const std::vector<ConcernId>& ids) {
    for (const auto& id : ids)
      text += what + " " + id.domain.substr(0, 1) + std::to_string(static_cast<int>(id.kind)) + "; ";
  };
  add("fresh", plan.fresh);
  add("again", plan.again);
  add("done", plan.done);
  return text;
}

class NoticeStory : public testing::TestWithParam<Story> {};

TEST_P(NoticeStory, tells_each_thing_when_it_should) {
  Notebook notebook{"root", {}};
  for (const auto& run : GetParam().runs) {
    const auto now = start + hours(run.hour);
    // What is noted survives the file.
    notebook = notebook_for(parse_notebook(write_notebook(notebook)), "root", now);
    const auto plan = plan_notices(notebook, {run.open, run.reported, run.gone}, now);
    EXPECT_EQ(text_of(plan), run.told) << "at hour " << run.hour;
    EXPECT_EQ(plan.has_mail(), !run.told.empty());
    if (!plan.has_mail()) {
      EXPECT_EQ(plan.if_sent, plan.if_not_sent);
    }
    notebook = run.mail == Run::Mail::sent ? plan.if_sent : plan.if_not_sent;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stories, NoticeStory,
    testing::Values(Story{"nothing", {{0, {}, ""}}},
                    Story{"once_each_week_and_at_the_end",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {{publish, certain}}, ""},
                           {week - 1, {{publish, certain}}, ""},
                           {week, {{publish, certain}}, "again a0; "},
                           {week + 1, {{publish, certain}}, ""},
                           {2 * week, {{publish, certain}}, "again a0; "},
                           {2 * week + 1, {}, "done a0; "},
                           {2 * week + 2, {}, ""}}},
                    Story{"reminders_of_one_day_go_together",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {{publish, certain}, {other, certain}}, "fresh b0; "},
                           {week - 1, {{publish, certain}, {other, certain}}, ""},
                           {week, {{publish, certain}, {other, certain}}, "again a0; again b0; "},
                           {week + 1, {{publish, certain}, {other, certain}}, ""},
                           {2 * week, {{publish, certain}, {other, certain}}, "again a0; again b0; "}}},
                    Story{"reminders_of_different_days_do_not",
                          {{0, {{other, certain}}, "fresh b0; "},
                           {day + 1, {{publish, certain}, {other, certain}}, "fresh a0; "},
                           {week, {{publish, certain}, {other, certain}}, "again b0; "},
                           {week + day + 1, {{publish, certain}, {other, certain}}, "again a0; "}}},
                    Story{"a_mail_that_failed_is_sent_by_the_next_run",
                          {{0, {{publish, certain}}, "fresh a0; ", Run::Mail::failed},
                           {1, {{publish, certain}}, "fresh a0; ", Run::Mail::failed},
                           {2, {{publish, certain}}, "fresh a0; "},
                           {3, {{publish, certain}}, ""},
                           {4, {}, "done a0; ", Run::Mail::failed},
                           {5, {}, "done a0; "},
                           {6, {}, ""}}},
                    Story{"what_was_never_told_is_never_done",
                          {{0, {{publish, certain}}, "fresh a0; ", Run::Mail::failed}, {1, {}, ""}}},
                    Story{"what_may_pass_is_told_after_a_day",
                          {{0, {{stuck, may_pass}}, ""},
                           {day - 1, {{stuck, may_pass}}, ""},
                           {day, {{stuck, may_pass}}, "fresh a3; "},
                           {day + 1, {{stuck, may_pass}}, ""},
                           {day + 2, {}, "done a3; "}}},
                    Story{"a_day_without_a_break",
                          {{0, {{stuck, may_pass}}, ""},
                           {day - 1, {}, ""},
                           {day, {{stuck, may_pass}}, ""},
                           {2 * day - 1, {{stuck, may_pass}}, ""},
                           {2 * day, {{stuck, may_pass}}, "fresh a3; "}}},
                    Story{"what_becomes_certain_is_told_at_once",
                          {{0, {{publish, may_pass}}, ""}, {1, {{publish, certain}}, "fresh a0; "}}},
                    Story{"what_comes_and_goes_waits_for_a_day",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {}, "done a0; "},
                           {2, {{publish, certain}}, ""},
                           {3, {}, ""},
                           {4, {{publish, certain}}, ""},
                           {5, {}, ""},
                           {6, {{publish, certain}}, ""},
                           {6 + day, {{publish, certain}}, "fresh a0; "},
                           {7 + day, {}, "done a0; "}}},
                    Story{"after_a_week_it_is_new",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {}, "done a0; "},
                           {1 + week, {}, ""},
                           {2 + week, {{publish, certain}}, "fresh a0; "}}},
                    Story{"nobody_knows_while_servers_are_silent",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {{stuck, may_pass}}, ""},
                           {2, {{stuck, may_pass}}, ""},
                           {3, {}, "done a0; "}}},
                    Story{"the_next_step_takes_its_place",
                          {{0, {{empty, certain}}, "fresh a1; "},
                           {1, {{{"a.example", "s", ConcernKind::remove}, certain}}, "fresh a2; "},
                           {2, {}, "done a2; "}}},
                    Story{"a_key_that_goes_on_with_a_record_is_not_announced",
                          {{0, {{stuck, may_pass}}, ""},
                           {day, {{stuck, may_pass}}, "fresh a3; "},
                           {day + 1, {{publish, certain}}, "fresh a0; "},
                           {day + 2, {}, "done a0; "}}},
                    Story{"a_domain_that_cannot_be_read_ends_nothing",
                          {{0, {{publish, certain}}, "fresh a0; "},
                           {1, {{unhandled, may_pass}}, "", Run::Mail::sent, {}},
                           {1 + day, {{unhandled, may_pass}}, "fresh a4; ", Run::Mail::sent, {}},
                           {2 + day, {{publish, certain}}, "done a4; "},
                           {3 + day, {}, "done a0; "}}},
                    Story{"a_run_for_one_domain_leaves_the_others",
                          {{0, {{publish, certain}, {other, certain}}, "fresh a0; fresh b0; "},
                           {1, {{publish, certain}}, "", Run::Mail::sent, {"a.example"}},
                           {2, {{publish, certain}}, "done b0; "}}},
                    Story{"a_domain_that_is_gone_is_forgotten",
                          {{0, {{publish, certain}, {other, certain}}, "fresh a0; fresh b0; "},
                           {1, {{publish, certain}}, "", Run::Mail::sent, {"a.example"}, {"b.example"}},
                           {2, {{publish, certain}}, ""}}},
                    Story{"a_clock_that_ran_ahead",
                          {{100 * day, {{publish, certain}}, "fresh a0; "},
                           {0, {{publish, certain}}, ""},
                           {week - 1, {{publish, certain}}, ""},
                           {week, {{publish, certain}}, "again a0; "}}}),
    [](const auto& story) { return story.param.name; });

TEST(NoticePlan, another_recipient_was_told_nothing) {
  const Notebook before{"root",
                        {{publish, {start, start}}, {stuck, {start, start, start}}, {empty, {start}}}};
  const auto after = notebook_for(before, "hostmaster", start + seconds(1));
  EXPECT_EQ(after, (Notebook{"hostmaster", {{publish, {start}}, {stuck, {start}}, {empty, {start}}}}));
  EXPECT_EQ(notebook_for(before, "root", start + seconds(1)), before);
}

}  // namespace
}  // namespace dkim::keytool
