#include "milter/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "canon/domain_name.hpp"
#include "crypto/file.hpp"
#include "tests/milter/addresses.hpp"

namespace dkim::milter {
namespace {

using std::chrono::microseconds;

using Cause = crypto::NoIdentity::Cause;

class LogTest : public testing::Test {
 protected:
  std::string line() {
    EXPECT_EQ(lines_.size(), 1U);
    return lines_.empty() ? "" : lines_.back();
  }

  static crypto::SigningIdentity identity(const std::string& author) {
    const auto key = std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate_ed25519());
    return {*canon::DomainName::parse("example.com"),
            {{*canon::Selector::parse("one"), key}, {*canon::Selector::parse("two"), key}},
            author};
  }

  std::vector<std::string> lines_;
  LogLevel last_level_ = LogLevel::error;
  Log log_{[this](LogLevel level, const std::string& text) {
             last_level_ = level;
             lines_.push_back(text);
           },
           LogLevel::debug};
};

TEST_F(LogTest, SignedReadsLikePostfix) {
  log_.message_signed("4F1k", identity("alerts@example.com"), 2311, microseconds(1149));
  EXPECT_EQ(line(),
            "4F1k: signed d=example.com s=one,two a=ed25519-sha256,ed25519-sha256 from=alerts@example.com "
            "size=2311 time=1.1ms");
  EXPECT_EQ(last_level_, LogLevel::info);
}

TEST_F(LogTest, SecondSignersHaveLinesOfTheirOwn) {
  auto both = identity("alerts@example.com");
  both.second.push_back({*canon::DomainName::parse("esp.example"), {both.keys.front()}});
  log_.message_signed("4F1k", both, 2311, microseconds(1149));
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_.back(), "4F1k: also signed d=esp.example s=one a=ed25519-sha256");
}

TEST_F(LogTest, AddsANoteAboutTheFromField) {
  auto noted = identity("alerts@example.com");
  noted.note = "the From field is not RFC 5322: it has no address";
  log_.message_signed("4F1k", noted, 2311, microseconds(1149));
  EXPECT_TRUE(line().ends_with("time=1.1ms, note: the From field is not RFC 5322: it has no address"));
}

TEST_F(LogTest, WithoutAQueueIdItIsNoqueue) {
  log_.not_ours("", test::client_at("203.0.113.9"), "<a@example.com>");
  EXPECT_EQ(line(),
            "NOQUEUE: not signed: client 203.0.113.9 is neither trusted nor authenticated, "
            "sender=<a@example.com>");
}

TEST_F(LogTest, SaysWhyNobodySigns) {
  log_.not_signed("Q", {Cause::key_pending, "key s of example.com is pending", "a@example.com"});
  EXPECT_EQ(line(), "Q: not signed: key s of example.com is pending, from=a@example.com");
}

TEST_F(LogTest, FaultsAreErrorsAndMalformedMessagesWarnings) {
  log_.fault("Q", "disk on fire", Disposition::tempfail);
  EXPECT_EQ(line(), "Q: not signed: disk on fire, on_error=tempfail");
  EXPECT_EQ(last_level_, LogLevel::error);
  lines_.clear();
  log_.malformed("Q", "no From field", Disposition::accept);
  EXPECT_EQ(line(), "Q: not signed: malformed: no From field, on_malformed=accept");
  EXPECT_EQ(last_level_, LogLevel::warning);
}

// The author of a message must not be able to write lines of our log, or to control a terminal.
TEST_F(LogTest, NoByteFromOutsideEndsALineOrPassesForAnother) {
  constexpr char bytes[] = "a\r\nNOQUEUE: signed d=x\x1b[2J\x7f\0\t\"\\ \xc3\xa4\xff";
  const std::string evil(bytes, sizeof bytes - 1);
  const auto plain = [](const std::string& text) {
    for (const char c : text) {
      if (c < ' ' || c > '~') return false;
    }
    return true;
  };
  log_.message_signed(evil, identity(evil), 1, microseconds(1));
  log_.not_ours(evil, ClientAddress(), evil);
  log_.not_signed(evil, {Cause::rule, evil, evil});
  log_.malformed(evil, evil, Disposition::reject);
  log_.fault(evil, evil, Disposition::reject);
  log_.deferred(evil);
  log_.long_header_line(evil, Mta::postfix, evil);
  log_.long_header_line(evil, Mta::sendmail, evil);
  log_.eight_bit(evil, Mta::postfix, 7);
  log_.eight_bit(evil, Mta::sendmail, 7);
  log_.sendmail_rewrites(evil, evil, "a problem");
  log_.reload_failed(evil);
  log_.metrics_not_written(evil);
  log_.metrics_written_again(evil);
  ASSERT_EQ(lines_.size(), 14U);
  for (const auto& text : lines_) {
    EXPECT_TRUE(plain(text)) << text;
    EXPECT_NE(text.find("a\\x0d\\x0aNOQUEUE"), std::string::npos) << text;
    EXPECT_NE(text.find("\\x00"), std::string::npos) << text;
    EXPECT_NE(text.find("\\xc3\\xa4\\xff"), std::string::npos) << text;
  }
  // A value of key=value has no space, so that it cannot fake a second pair.
  EXPECT_NE(lines_[0].find("from=a\\x0d\\x0aNOQUEUE:\\x20signed\\x20d=x"), std::string::npos) << lines_[0];
  EXPECT_EQ(lines_[0].find("signed d=x"), std::string::npos) << lines_[0];
}

TEST_F(LogTest, HugeValuesAreCut) {
  const std::string huge(1'000'000, 'x');
  log_.message_signed(huge, identity(huge), 1, microseconds(1));
  log_.not_ours(huge, ClientAddress(), huge);
  log_.not_signed(huge, {Cause::rule, huge, huge});
  log_.malformed(huge, huge, Disposition::accept);
  log_.long_header_line(huge, Mta::postfix, huge);
  log_.sendmail_rewrites(huge, huge, "a problem");
  for (const auto& text : lines_) {
    EXPECT_LT(text.size(), 1500U);
    EXPECT_NE(text.find("x..."), std::string::npos);
  }
}

TEST_F(LogTest, ALongQueueIdOfPostfixIsNotCut) {
  log_.deferred("3Zz7Qk0vPGzXyQ7");
  EXPECT_EQ(line(), "3Zz7Qk0vPGzXyQ7: deferred: dkimsignd is stopping");
}

TEST_F(LogTest, TheLevelDecides) {
  const auto write_all = [&] {
    lines_.clear();
    log_.negotiated({true, true});                   // debug
    log_.not_ours("Q", ClientAddress(), "s");        // info
    log_.not_signed("Q", {});                        // info
    log_.message_signed("Q", identity("a"), 1, {});  // info
    log_.malformed("Q", "m", Disposition::accept);   // warning
    log_.fault("Q", "f", Disposition::accept);       // error
    return lines_.size();
  };
  log_.set_level(LogLevel::debug);
  EXPECT_EQ(write_all(), 6U);
  log_.set_level(LogLevel::info);
  EXPECT_EQ(write_all(), 5U);
  log_.set_level(LogLevel::warning);
  EXPECT_EQ(write_all(), 2U);
  log_.set_level(LogLevel::error);
  EXPECT_EQ(write_all(), 1U);
}

// Redirects a standard stream until it is destroyed.
class Redirected {
 public:
  Redirected(int stream, int fd) : stream_(stream), saved_(dup(stream)) { dup2(fd, stream); }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;
  ~Redirected() { dup2(saved_.get(), stream_); }

 private:
  int stream_;
  crypto::FileDescriptor saved_;
};

// Returns what the function writes to the stream.
std::string written_to(int stream, const std::function<void()>& function) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const crypto::FileDescriptor out(ends[0]);
  {
    const crypto::FileDescriptor in(ends[1]);
    const Redirected redirected(stream, in.get());
    function();
  }
  char text[256];
  const ssize_t size = read(out.get(), text, sizeof text);
  return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
}

void write_two_lines(LogTarget target) {
  const auto sink = log_sink(target);
  sink(LogLevel::info, "one");
  sink(LogLevel::error, "two");
}

TEST(LogSink, WritesWholeLinesToStandardErrorOrStandardOutput) {
  EXPECT_EQ(written_to(STDERR_FILENO, [] { write_two_lines(LogTarget::standard_error); }),
            "dkimsignd: one\ndkimsignd: error: two\n");
  EXPECT_EQ(written_to(STDOUT_FILENO, [] { write_two_lines(LogTarget::standard_output); }),
            "dkimsignd: one\ndkimsignd: error: two\n");
  EXPECT_EQ(written_to(STDERR_FILENO, [] { write_two_lines(LogTarget::standard_output); }), "");
}

TEST(LogSink, AFullDiskLosesTheLineAndNothingElse) {
  const crypto::FileDescriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  const auto sink = log_sink(LogTarget::standard_error);
  const auto written = written_to(STDERR_FILENO, [&] {
    {
      const Redirected redirected(STDERR_FILENO, full.get());
      sink(LogLevel::error, "lost");
    }
    sink(LogLevel::error, "kept");
  });
  EXPECT_EQ(written, "dkimsignd: error: kept\n");
}

}  // namespace
}  // namespace dkim::milter
