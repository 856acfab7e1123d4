// Reads back what it has written, and refuses all else.
#include "keytool/notify/notebook.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

constexpr crypto::UtcTime noon{std::chrono::days(20'000) + std::chrono::hours(12)};

const Notebook sample{"postmaster@example.com",
                      {{{"a.example", "s-1", ConcernKind::publish}, {noon, noon + std::chrono::hours(1)}},
                       {{"a.example", "s-1", ConcernKind::empty}, {noon}},
                       {{"a.example", "x.y", ConcernKind::remove}, {noon, noon, noon + std::chrono::days(1)}},
                       {{"b.example", "s", ConcernKind::stuck}, {noon, {}, noon}},
                       {{"b.example", "", ConcernKind::unhandled}, {noon, noon}}}};

TEST(Notebook, reads_back_what_it_writes) {
  EXPECT_EQ(write_notebook(sample),
            "dkimkey-notify 1\n"
            "to postmaster@example.com\n"
            "a.example s-1 publish 2024-10-04T12:00:00Z 2024-10-04T13:00:00Z -\n"
            "a.example s-1 empty 2024-10-04T12:00:00Z - -\n"
            "a.example x.y remove 2024-10-04T12:00:00Z 2024-10-04T12:00:00Z 2024-10-05T12:00:00Z\n"
            "b.example - unhandled 2024-10-04T12:00:00Z 2024-10-04T12:00:00Z -\n"
            "b.example s stuck 2024-10-04T12:00:00Z - 2024-10-04T12:00:00Z\n"
            "end 5\n");
  EXPECT_EQ(parse_notebook(write_notebook(sample)), sample);
  EXPECT_EQ(parse_notebook(write_notebook({"root", {}})), (Notebook{"root", {}}));
}

TEST(Notebook, refuses_what_is_not_whole) {
  const auto whole = write_notebook(sample);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(parse_notebook(whole.substr(0, size)), DamagedNotebook) << size;
  EXPECT_THROW(parse_notebook(whole + "x"), DamagedNotebook);
  // A line that is lost, or doubled.
  const auto second = whole.find("a.example s-1 empty");
  const auto third = whole.find("a.example x.y");
  const auto line = whole.substr(second, third - second);
  EXPECT_THROW(parse_notebook(whole.substr(0, second) + whole.substr(third)), DamagedNotebook);
  EXPECT_THROW(parse_notebook(whole.substr(0, third) + line + whole.substr(third)), DamagedNotebook);
}

class DamagedLine : public testing::TestWithParam<const char*> {};

TEST_P(DamagedLine, is_refused) {
  const std::string time = "2024-10-04T12:00:00Z";
  EXPECT_NO_THROW(parse_notebook("dkimkey-notify 1\nto root\na.example s publish " + time + " - -\nend 1\n"));
  EXPECT_THROW(parse_notebook(std::string("dkimkey-notify 1\nto root\n") + GetParam() + "\nend 1\n"),
               DamagedNotebook);
}

INSTANTIATE_TEST_SUITE_P(Lines, DamagedLine,
                         testing::Values("", "a.example", "a..example s publish 2024-10-04T12:00:00Z - -",
                                         "A.example s publish 2024-10-04T12:00:00Z - -",
                                         "../etc s publish 2024-10-04T12:00:00Z - -",
                                         "a.example a/b publish 2024-10-04T12:00:00Z - -",
                                         "a.example s dance 2024-10-04T12:00:00Z - -",
                                         "a.example s publish - - -", "a.example s publish now - -",
                                         "a.example s publish 2024-10-04T12:00:00Z - - -",
                                         "a.example s publish 2024-10-04T12:00:00Z  -",
                                         "a.example s publish 2024-10-04T12:00:00Z - 2024"));

TEST(Notebook, of_a_later_version_says_so) {
  EXPECT_THROW(parse_notebook("dkimkey-notify 2\nanything\n"), LaterNotebook);
  for (const auto* title : {"dkimkey-notify 0\n", "dkimkey-notify\n", "dkimkey-notify 1 1\n",
                            "dkimkey-notify -1\n", "dkimkey-notify 99999999999999999999999\n", "other 2\n"})
    EXPECT_THROW(parse_notebook(std::string(title) + "to root\nend 0\n"), DamagedNotebook) << title;
}

}  // namespace
}  // namespace dkim::keytool
