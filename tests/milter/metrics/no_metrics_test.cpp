// A build without prometheus-cpp: nothing is written, and whoever asks for it is told.
#include "milter/check.hpp"
#include "milter/metrics/metrics_writer.hpp"
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

class NoMetricsTest : public SessionTest {
 protected:
  std::string settings() const { return "metrics_file = \"" + file().string() + "\";"; }
  std::filesystem::path file() const { return directory_.path() / "m.prom"; }
  void reconfigure(milter::MetricsWriter& writer, const std::string& new_settings) {
    shared_->replace_setup(config(new_settings));
    writer.wake();
  }

  TemporaryDirectory directory_;
};

TEST_F(NoMetricsTest, TheLogSaysSoOnceForEachTimeTheyAreAskedFor) {
  milter::MetricsWriter writer(*shared_);
  EXPECT_EQ(last_line(), "");
  for (std::size_t round = 1; round < 3; ++round) {
    for (int again = 0; again < 3; ++again)
      reconfigure(writer, settings());
    reconfigure(writer, "");
    ASSERT_EQ(lines_.size(), round);
  }
  EXPECT_EQ(lines_[0].level, milter::LogLevel::warning);
  EXPECT_EQ(last_line(), "metrics not written, mail goes on: dkimsignd was built without metrics");
  EXPECT_TRUE(writer.finish({}));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(NoMetricsTest, MailIsSignedAllTheSame) {
  store_.add_key("example.com", "s");
  configure(settings());
  const Mail mail;
  expect_valid(deliver(*session(), mail), mail);
}

TEST_F(NoMetricsTest, ACheckReportsIt) {
  std::ostringstream out;
  const auto wanted =
      milter::parse_config("socket = \"unix:" + (directory_.path() / "s").string() +
                               "\"; key_directory = \"" + store_.path().string() + "\"; " + settings(),
                           "test.conf");
  EXPECT_EQ(milter::check_everything(wanted, out), 1);
  EXPECT_EQ(out.str(), "metrics_file is set, but dkimsignd was built without metrics\n");
}

}  // namespace
}  // namespace dkim::test
