// If memory runs out, a text is parsed or an exception is thrown; libconfig alone would end the process.
#include "crypto/settings/parser_memory.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <libconfig.h++>
#include <limits>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "crypto/settings/settings_reader.hpp"
#include "tests/support/sanitizers.hpp"

namespace dkim::crypto {
namespace {

enum Outcome : int { parsed = 11, refused = 12 };

rlim_t address_space_in_use() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

// Returns how a child ends that parses the text with so many bytes of memory left.
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

class EntriesMemoryShortageTest : public testing::TestWithParam<const char*> {};

TEST_P(EntriesMemoryShortageTest, ATextIsParsedOrAnExceptionIsThrown) {
  if (test::is_sanitized) GTEST_SKIP() << "a sanitizer needs more address space than can be limited";
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
    ASSERT_EQ(outcome, parsed) << "with " << left << " bytes left";
    break;
  }
  EXPECT_TRUE(was_refused);
  ASSERT_EQ(outcome_with(RLIM_INFINITY / 2, text), parsed);
}

INSTANTIATE_TEST_SUITE_P(Entries, EntriesMemoryShortageTest,
                         testing::Values("1", "\"a\"", "{ }", "{ a = 1; }", "(1)",
                                         "\"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\""));

TEST(ParserMemoryTest, ThrowsIfThereIsTooLittle) {
  EXPECT_THROW(ParserMemory(std::numeric_limits<std::size_t>::max() / 4 * 3), std::bad_alloc);
  EXPECT_NO_THROW(ParserMemory(0));
}

// Takes all memory and gives it back after somebody was refused any, again and again.
class Glutton {
 public:
  Glutton() { blocks_.reserve(100'000); }

  void run(const std::stop_token& stop, const std::atomic<int>& times_refused) {
    while (!stop.stop_requested()) {
      for (std::size_t size = 64 << 10; size >= 32; size /= 2)
        take_all([&] { return std::malloc(size); }, &std::free);
      // malloc(3) grows in large steps, and leaves what is less than a step. The other thread gives pages
      // back, too.
      const int before = times_refused;
      while (times_refused == before && !stop.stop_requested())
        take_all(&one_page, [](void* page) { munmap(page, 1); });
      blocks_.clear();
    }
  }

 private:
  using Block = std::unique_ptr<void, void (*)(void*)>;

  static void* one_page() {
    void* const page = mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? nullptr : page;
  }

  template <typename Take>
  void take_all(Take take, void (*give_back)(void*)) {
    while (blocks_.size() < blocks_.capacity()) {
      void* const block = take();
      if (block == nullptr) break;
      blocks_.emplace_back(block, give_back);
    }
  }

  std::vector<Block> blocks_;
};

// Returns how a child ends that parses again and again while another thread takes all memory.
int outcome_while_others_take_all(const std::string& text) {
  const pid_t child = fork();
  if (child == 0) {
    mallopt(M_ARENA_MAX, 1);  // as malloc(3) does when address space is short
    Glutton glutton;
    std::atomic<int> times_refused = 0;
    const rlimit limit{address_space_in_use() + (48 << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(1);
    const std::jthread thread([&](const std::stop_token& stop) { glutton.run(stop, times_refused); });
    // If both threads share one busy processor, each allocation may wait until the other thread's time is up.
    const auto enough = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const auto is_early = [&] { return std::chrono::steady_clock::now() < enough; };
    for (int i = 0; times_refused == 0 || ((i < 50'000 || times_refused < 100) && is_early()); ++i) {
      try {
        (void)SettingsFile::parse(text, "x");
      } catch (const std::bad_alloc&) {
        ++times_refused;
      }
    }
    _exit(refused);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(MemoryShortageTest, ThrowsWhileAnotherThreadTakesAll) {
  if (test::is_sanitized) GTEST_SKIP() << "a sanitizer needs more address space than can be limited";
#if defined(DKIM_LIBCONFIG_SHARED)
  GTEST_SKIP() << "libconfig is a shared library here";
#endif
  EXPECT_EQ(outcome_while_others_take_all("a = \"b\"; c = ( 1, 2, 3 );"), refused);
}

// The calls in the copy of libconfig's archive are renamed, so its memory comes from here.
TEST(ParserMemoryTest, IsWhereLibconfigTakesItsMemory) {
#ifdef DKIM_LIBCONFIG_SHARED
  GTEST_SKIP() << "libconfig is a shared library here";
#endif
  const std::string text = list_of("\"" + std::string(100, 'x') + "\"", 1000);
  ParserMemory memory(10 * text.size());
  libconfig::Config config;
  const std::size_t before = memory.taken();
  {
    const ParserMemory::Use use(memory);
    config.readString(text);
  }
  EXPECT_EQ(before, 0U);
  const std::size_t taken = memory.taken();
  EXPECT_GT(taken, text.size());
  EXPECT_LT(taken, 10 * text.size() - 1);
  // Memory that is taken afterwards comes from the heap, and all is given back where it came from.
  config.getRoot().add("more", libconfig::Setting::TypeString) = text;
  EXPECT_EQ(memory.taken(), taken);
  config.getRoot().remove("more");
  config.getRoot().remove("list");
}

// The memory for a string that grows byte by byte does not grow with the square of its length.
TEST(ParserMemoryTest, IsBoundedByTheTextsLength) {
#ifdef DKIM_LIBCONFIG_SHARED
  GTEST_SKIP() << "libconfig is a shared library here";
#endif
  const std::string text = "long = \"" + std::string(1 << 20, 'x') + "\";";
  ParserMemory memory(8 * text.size());
  libconfig::Config config;
  const ParserMemory::Use use(memory);
  config.readString(text);
  EXPECT_LT(memory.taken(), 8 * text.size() - 1);
  EXPECT_GT(memory.taken(), text.size());
}

TEST(ParserMemoryTest, GivesNoMoreThanItHas) {
  ParserMemory memory(40);
  auto* const first = static_cast<char*>(memory.take(1));
  auto* const second = static_cast<char*>(memory.take(17));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second - first, std::ptrdiff_t{alignof(std::max_align_t)});
  EXPECT_EQ(memory.take(1), nullptr);
}

}  // namespace
}  // namespace dkim::crypto
