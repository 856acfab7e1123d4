// Each event is counted correctly, both alone and in a session.
#include "milter/metrics/metrics.hpp"

#include <prometheus/metric_family.h>
#include <sys/stat.h>

#include <new>

#include "crypto/error.hpp"
#include "milter/mta_error.hpp"
#include "tests/milter/metrics/metrics_text.hpp"
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using milter::Disposition;
using milter::ErrorKind;
using milter::Metrics;
using milter::NotSigned;
using milter::Session;
using milter::Verdict;

Samples now(const Metrics& metrics) {
  return samples_of(metrics.text({}));
}

std::string not_signed(const std::string& reason, const std::string& disposition = "accept") {
  return "dkimsignd_messages_not_signed_total{disposition=\"" + disposition + "\",reason=\"" + reason + "\"}";
}

std::string error(const std::string& kind) {
  return "dkimsignd_errors_total{kind=\"" + kind + "\"}";
}

TEST(Metrics, EverySeriesExistsBeforeItsFirstEvent) {
  const Metrics metrics;
  const auto samples = now(metrics);
  // Seven reasons let a message go on, the configuration decides about five, and one defers it.
  int reasons = 0;
  for (const auto& [series, value] : samples) {
    if (series.starts_with("dkimsignd_messages_not_signed_total")) ++reasons;
    if (series.find("_total") != std::string::npos) {
      EXPECT_EQ(value, 0) << series;
    }
  }
  EXPECT_EQ(reasons, 7 + 5 * 3 + 1);
  EXPECT_EQ(samples.at("dkimsignd_build_info{version=\"" DKIMSIGND_VERSION "\"}"), 1);
  EXPECT_NEAR(samples.at("dkimsignd_start_time_seconds"), static_cast<double>(std::time(nullptr)), 60);
  EXPECT_EQ(samples.at("dkimsignd_config_last_reload_successful"), 1);
}

TEST(Metrics, EachReasonAndDispositionHasItsOwnSeries) {
  const std::map<NotSigned, std::string> reasons = {{NotSigned::untrusted_client, "untrusted_client"},
                                                    {NotSigned::rule, "rule"},
                                                    {NotSigned::no_key, "no_key"},
                                                    {NotSigned::key_pending, "key_pending"},
                                                    {NotSigned::no_active_key, "no_active_key"},
                                                    {NotSigned::subdomain, "subdomain"},
                                                    {NotSigned::invalid_domain, "invalid_domain"},
                                                    {NotSigned::foreign_author, "foreign_author"},
                                                    {NotSigned::malformed_from, "malformed_from"},
                                                    {NotSigned::header_too_large, "header_too_large"},
                                                    {NotSigned::dialogue, "dialogue"},
                                                    {NotSigned::error, "error"},
                                                    {NotSigned::stopping, "stopping"}};
  Metrics metrics;
  for (const auto& [reason, word] : reasons) {
    const auto before = now(metrics);
    for (const auto disposition : {Disposition::accept, Disposition::tempfail, Disposition::reject})
      metrics.message_not_signed(reason, disposition);
    Samples expected = {{not_signed(word), 1}};
    if (word == "foreign_author" || word.starts_with("malformed") || word == "header_too_large" ||
        word == "dialogue" || word == "error") {
      expected[not_signed(word, "tempfail")] = 1;
      expected[not_signed(word, "reject")] = 1;
    }
    if (reason == NotSigned::stopping) expected = {{not_signed(word, "tempfail"), 1}};
    EXPECT_EQ(increase(before, now(metrics)), expected) << word;
  }
}

TEST(Metrics, ErrorsAreCountedByTheirType) {
  Metrics metrics;
  const auto kind = [&](const std::exception& fault) {
    const auto before = now(metrics);
    metrics.error(milter::kind_of(fault));
    const auto grown = increase(before, now(metrics));
    return grown.size() == 1 ? grown.begin()->first : "not one series";
  };
  EXPECT_EQ(kind(crypto::KeyFileError("x")), error("key_file"));
  EXPECT_EQ(kind(crypto::StoreError("x")), error("store"));
  EXPECT_EQ(kind(crypto::SettingsError("x")), error("manifest"));
  EXPECT_EQ(kind(crypto::OpenSslError("x")), error("openssl"));
  EXPECT_EQ(kind(std::bad_alloc()), error("memory"));
  EXPECT_EQ(kind(milter::MtaError("x")), error("mta"));
  EXPECT_EQ(kind(crypto::Error("x")), error("other"));
  EXPECT_EQ(kind(std::runtime_error("x")), error("other"));
}

TEST(Metrics, SigningTimesAreSeconds) {
  Metrics metrics;
  for (const long long microseconds : {40, 50, 51, 900, 2'000'000})
    metrics.message_signed({test::domain_name("example.com"), {}, {}}, 0,
                           std::chrono::microseconds(microseconds));
  const auto samples = now(metrics);
  const auto bucket = [&](const std::string& le) {
    return samples.at("dkimsignd_signing_duration_seconds_bucket{le=\"" + le + "\"}");
  };
  EXPECT_EQ(bucket("5e-05"), 2);
  EXPECT_EQ(bucket("0.0001"), 3);
  EXPECT_EQ(bucket("0.001"), 4);
  EXPECT_EQ(bucket("1"), 4);
  EXPECT_EQ(bucket("+Inf"), 5);
  EXPECT_NEAR(samples.at("dkimsignd_signing_duration_seconds_sum"), 2.001041, 1e-9);
}

TEST(Metrics, Reloads) {
  Metrics metrics;
  const auto reloads = [](const std::string& result) {
    return "dkimsignd_config_reloads_total{result=\"" + result + "\"}";
  };
  auto before = now(metrics);
  metrics.reload_failed();
  EXPECT_EQ(increase(before, now(metrics)),
            (Samples{{reloads("failed"), 1}, {"dkimsignd_config_last_reload_successful", -1}}));
  before = now(metrics);
  metrics.reloaded();
  auto grown = increase(before, now(metrics));
  grown.erase("dkimsignd_config_last_reload_success_timestamp_seconds");  // a second may have passed
  EXPECT_EQ(grown, (Samples{{reloads("ok"), 1}, {"dkimsignd_config_last_reload_successful", 1}}));
}

TEST(Metrics, AddedLabelsAreEscaped) {
  const Metrics metrics;
  prometheus::ClientMetric metric;
  metric.label = {{"domain", "a\"b\\c\nd"}};
  const std::string text =
      metrics.text({{"dkimsignd_key_state", "x", prometheus::MetricType::Gauge, {metric}}});
  EXPECT_NE(text.find("\ndkimsignd_key_state{domain=\"a\\\"b\\\\c\\nd\"} 0\n"), std::string::npos) << text;
}

// Counts messages that go through a session, from MAIL to the end.
class SessionMetricsTest : public SessionTest {
 protected:
  SessionMetricsTest() {
    store_.add_key("example.com", "server");
    store_.add_key("waiting.example", "next", crypto::Algorithm::ed25519, crypto::KeyState::pending);
  }

  // Returns what one message of that author adds to the metrics, except to those of cache and connections.
  Samples counted(const std::string& author, const std::function<void(Session&)>& deliver = {}) {
    const auto before = now(shared_->metrics);
    {
      auto connection = session();
      try {
        if (deliver) {
          deliver(*connection);
        } else {
          this->deliver(*connection, Mail{.fields = {{"From", " " + author}}});
        }
      } catch (const std::exception& fault) {
        connection->fault(fault);
      }
    }
    auto grown = increase(before, now(shared_->metrics));
    EXPECT_EQ(grown["dkimsignd_connections_total"], 1);
    std::erase_if(grown, [](const auto& sample) {
      return sample.first.find("cache") != std::string::npos ||
             sample.first.find("connections") != std::string::npos;
    });
    return grown;
  }
};

TEST_F(SessionMetricsTest, ASignedMessage) {
  auto grown = counted("a@example.com");
  EXPECT_GT(grown["dkimsignd_signing_duration_seconds_sum"], 0);
  grown.erase("dkimsignd_signing_duration_seconds_sum");
  // "From:" and " a@example.com" and CRLF, and a body of 7 bytes.
  EXPECT_EQ(grown, (Samples{{"dkimsignd_messages_signed_total{algorithms=\"ed25519\"}", 1},
                            {"dkimsignd_signatures_total{algorithm=\"ed25519-sha256\"}", 1},
                            {"dkimsignd_signed_bytes_total", 21 + 7},
                            {"dkimsignd_signing_duration_seconds_count", 1}}));
}

TEST_F(SessionMetricsTest, TwoSignaturesAreOneMessage) {
  store_.add_key("both.example", "r", crypto::Algorithm::rsa);
  store_.add_key("both.example", "e");
  store_.add_key("both.example", "f");
  store_.add_key("rsa.example", "r", crypto::Algorithm::rsa);
  auto grown = counted("a@both.example");
  EXPECT_EQ(grown["dkimsignd_messages_signed_total{algorithms=\"both\"}"], 1);
  EXPECT_EQ(grown["dkimsignd_signatures_total{algorithm=\"rsa-sha256\"}"], 1);
  EXPECT_EQ(grown["dkimsignd_signatures_total{algorithm=\"ed25519-sha256\"}"], 2);
  EXPECT_EQ(grown["dkimsignd_signing_duration_seconds_count"], 1);
  grown = counted("a@rsa.example");
  EXPECT_EQ(grown["dkimsignd_messages_signed_total{algorithms=\"rsa\"}"], 1);
  EXPECT_EQ(grown.count("dkimsignd_messages_signed_total{algorithms=\"both\"}"), 0U);
}

TEST_F(SessionMetricsTest, AMessageThatIsNotSigned) {
  EXPECT_EQ(counted("a@other.example"), (Samples{{not_signed("no_key"), 1}}));
  EXPECT_EQ(counted("a@waiting.example"), (Samples{{not_signed("key_pending"), 1}}));
  EXPECT_EQ(counted("a@[192.0.2.1]"), (Samples{{not_signed("invalid_domain"), 1}}));
  EXPECT_EQ(counted("nobody"), (Samples{{not_signed("malformed_from"), 1}}));
  EXPECT_EQ(counted("", [&](Session& session) { this->deliver(session, Mail{.fields = {}}); }),
            (Samples{{not_signed("malformed_from"), 1}}));
  configure("on_malformed = \"reject\"; rules = ( { sender = \"*@example.com\"; sign = false; } );");
  EXPECT_EQ(counted("nobody"), (Samples{{not_signed("malformed_from", "reject"), 1}}));
  EXPECT_EQ(counted("a@example.com"), (Samples{{not_signed("rule"), 1}}));
  const std::string huge(1 << 20, 'x');
  EXPECT_EQ(counted("a@example.com, " + huge), (Samples{{not_signed("header_too_large", "reject"), 1}}));
  EXPECT_EQ(counted("",
                    [&](Session& session) {
                      session.mail("<a@example.com>", macro());
                      Fields inserted;
                      session.end_of_message(macro(), keep_in(inserted));
                    }),
            (Samples{{not_signed("dialogue", "reject"), 1}}));
}

TEST_F(SessionMetricsTest, AnUntrustedClient) {
  const auto before = now(shared_->metrics);
  deliver(*session(client_at("203.0.113.9")), {});
  EXPECT_EQ(increase(before, now(shared_->metrics)),
            (Samples{{not_signed("untrusted_client"), 1}, {"dkimsignd_connections_total", 1}}));
}

TEST_F(SessionMetricsTest, AFaultAndItsDisposition) {
  ASSERT_EQ(chmod(store_.key_file("example.com", "server").c_str(), 0644), 0);
  EXPECT_EQ(counted("a@example.com"),
            (Samples{{not_signed("error", "tempfail"), 1}, {error("key_file"), 1}}));
  configure("on_error = \"accept\";");
  EXPECT_EQ(counted("a@example.com"), (Samples{{not_signed("error"), 1}, {error("key_file"), 1}}));
  // A fault in a step without an answer is counted once, when the answer is given.
  EXPECT_EQ(counted("",
                    [&](Session& session) {
                      session.mail("<a@example.com>", macro());
                      session.remember_fault(std::bad_alloc());
                      session.remember_fault(crypto::Error("a second one"));
                      session.end_of_header(macro());
                    }),
            (Samples{{not_signed("error"), 1}, {error("memory"), 1}}));
}

TEST_F(SessionMetricsTest, AnAbortedMessage) {
  const Samples aborted = {{"dkimsignd_messages_aborted_total", 1}};
  EXPECT_EQ(counted("",
                    [&](Session& session) {
                      session.mail("<a@example.com>", macro());
                      session.abort();
                      session.abort();
                    }),
            aborted);
  // The connection ends in the middle of the message.
  EXPECT_EQ(counted("", [&](Session& session) { session.mail("<a@example.com>", macro()); }), aborted);
  // The MTA begins another message.
  auto grown = counted("", [&](Session& session) {
    session.mail("<a@example.com>", macro());
    deliver(session, {});
  });
  EXPECT_EQ(grown["dkimsignd_messages_aborted_total"], 1);
  EXPECT_EQ(grown["dkimsignd_messages_signed_total{algorithms=\"ed25519\"}"], 1);
}

TEST_F(SessionMetricsTest, AStoppingDaemon) {
  shared_->in_flight.begin_drain();
  EXPECT_EQ(counted("a@example.com"), (Samples{{not_signed("stopping", "tempfail"), 1}}));
}

TEST_F(SessionMetricsTest, OpenConnections) {
  const auto open = [&] { return now(shared_->metrics)["dkimsignd_connections"]; };
  auto one = session();
  auto two = session();
  EXPECT_EQ(open(), 2);
  one.reset();
  EXPECT_EQ(open(), 1);
}

TEST_F(SessionMetricsTest, CountersSurviveANewSetup) {
  deliver(*session(), {});
  shared_->replace_setup(config(""));
  deliver(*session(), {});
  deliver(*session(), {});
  const auto samples = now(shared_->metrics);
  EXPECT_EQ(samples.at("dkimsignd_messages_signed_total{algorithms=\"ed25519\"}"), 3);
  const auto lookups = [&](const std::string& result) {
    return samples.at("dkimsignd_key_cache_lookups_total{result=\"" + result + "\"}");
  };
  // The manifest may be too recent for the cache: each look-up is a hit or a miss.
  EXPECT_EQ(lookups("hit") + lookups("miss"), 3);
  EXPECT_GE(lookups("miss"), 2);  // one for each setup's cache
}

}  // namespace
}  // namespace dkim::test
