// Where memory runs out, a text is parsed or there is an exception; libconfig alone would end the process.
#include "crypto/memory_reserve.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <new>

#include "crypto/settings_reader.hpp"

namespace dkim::crypto {
namespace {

enum Outcome : int { parsed = 11, refused = 12 };

rlim_t address_space_in_use() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

// What becomes of a child that parses the text with so many octets left to it.
int outcome_with(rlim_t left, const std::string& text) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{address_space_in_use() + left, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(1);
    try {
      (void)SettingsFile::parse(text, "x");
      _exit(parsed);
    } catch (const std::bad_alloc&) {
      _exit(refused);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string list_of(std::string_view entry, int count) {
  std::string text = "list = ( ";
  for (int i = 0; i < count; ++i)
    text += std::string(entry) + ", ";
  return text + std::string(entry) + " );";
}

class MemoryShortageTest : public testing::TestWithParam<const char*> {};

TEST_P(MemoryShortageTest, ATextIsParsedOrThereIsAnException) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more address space than can be limited";
#endif
  const std::string text = list_of(GetParam(), 20'000);
  constexpr rlim_t step = 128 << 10;
  bool was_refused = false;
  for (rlim_t left = 0;; left += step) {
    const int outcome = outcome_with(left, text);
    if (outcome == refused) {
      was_refused = true;
      continue;
    }
    // A signal's number is negative; libconfig's scanner ends the process with 2.
    ASSERT_EQ(outcome, parsed) << "with " << left << " octets left";
    break;
  }
  EXPECT_TRUE(was_refused);
  ASSERT_EQ(outcome_with(RLIM_INFINITY / 2, text), parsed);
}

INSTANTIATE_TEST_SUITE_P(Entries, MemoryShortageTest,
                         testing::Values("1", "\"a\"", "{ }", "{ a = 1; }", "(1)",
                                         "\"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\""));

TEST(MemoryReserveTest, MoreThanThereIs) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer ends the process where so much is asked for";
#endif
  EXPECT_THROW(MemoryReserve(std::size_t{1} << 60), std::bad_alloc);
  EXPECT_NO_THROW(MemoryReserve(0));
}

}  // namespace
}  // namespace dkim::crypto
