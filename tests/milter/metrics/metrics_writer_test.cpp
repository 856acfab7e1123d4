// The file that metrics are written to, and what can get in the way.
#include "milter/metrics/metrics_writer.hpp"

#include "crypto/error.hpp"
#include "tests/milter/session_fixture.hpp"
#include "tests/support/patience.hpp"

namespace dkim::test {
namespace {

class MetricsWriterTest : public SessionTest {
 protected:
  MetricsWriterTest() { store_.add_key("example.com", "server"); }

  std::string settings(const std::string& file, const std::string& more = "") const {
    return "metrics_file = \"" + (file.empty() ? "" : (directory_.path() / file).string()) + "\";" + more;
  }
  void reconfigure(milter::MetricsWriter& writer, const std::string& new_settings) {
    shared_->replace_setup(config(new_settings));
    writer.wake();
  }
  bool exists(const std::string& file) const { return std::filesystem::exists(directory_.path() / file); }
  bool finish(milter::MetricsWriter& writer) { return writer.finish(patience); }

  TemporaryDirectory directory_;
};

TEST_F(MetricsWriterTest, WritesAtTheStartAndAtTheEnd) {
  configure(settings("m.prom", "metrics_interval = 3600;"));
  milter::MetricsWriter writer(*shared_);
  const auto path = directory_.path() / "m.prom";
  ASSERT_TRUE(eventually([&] { return exists("m.prom"); }));
  deliver(*session(), {});
  ASSERT_TRUE(finish(writer));
  EXPECT_NE(read_file(path).find("dkimsignd_messages_signed_total{algorithms=\"ed25519\"} 1\n"),
            std::string::npos);
  EXPECT_NE(read_file(path).find("dkimsignd_key_state{domain=\"example.com\""), std::string::npos);
  EXPECT_NE(read_file(path).find("dkimsignd_metrics_interval_seconds 3600\n"), std::string::npos);
  EXPECT_EQ(std::count_if(lines_.begin(), lines_.end(),
                          [](const Line& line) { return line.text.find("metrics") != std::string::npos; }),
            0);
}

TEST_F(MetricsWriterTest, AReloadTurnsItOnMovesItAndTurnsItOff) {
  configure(settings(""));
  milter::MetricsWriter writer(*shared_);
  reconfigure(writer, settings("one"));
  ASSERT_TRUE(eventually([&] { return exists("one"); }));
  reconfigure(writer, settings("two", "metrics_domains = 0;"));
  ASSERT_TRUE(eventually([&] { return exists("two"); }));
  // A file that nobody writes any more must not keep showing old values.
  EXPECT_FALSE(exists("one"));
  EXPECT_EQ(read_file(directory_.path() / "two").find("dkimsignd_key_"),
            read_file(directory_.path() / "two").find("dkimsignd_key_cache"));
  reconfigure(writer, settings(""));
  EXPECT_TRUE(eventually([&] { return !exists("two"); }));
  ASSERT_TRUE(finish(writer));
  EXPECT_TRUE(names_in(directory_.path()).empty());
}

TEST_F(MetricsWriterTest, ReportsTheSameFailureOnlyOnce) {
  configure(settings("dir/m.prom"));
  lines_.clear();
  {
    milter::MetricsWriter writer(*shared_);
    for (int round = 0; round < 3; ++round)
      writer.wake();
    ASSERT_TRUE(finish(writer));
  }
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].level, milter::LogLevel::warning);
  EXPECT_EQ(lines_[0].text, "metrics not written, mail goes on: cannot create " +
                                (directory_.path() / "dir/.m.prom.new").string() +
                                ": No such file or directory");
}

}  // namespace
}  // namespace dkim::test
