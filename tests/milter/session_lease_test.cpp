// A copy that belongs to a fleet signs as long as its lease runs; after that no key is used, and on_error
// decides.
#include <sys/stat.h>

#include <functional>

#include "crypto/store/lease.hpp"
#include "crypto/store/membership.hpp"
#include "tests/milter/session_fixture.hpp"
#include "tests/support/patience.hpp"

namespace dkim::test {
namespace {

using milter::Verdict;
using std::chrono::hours;
using std::chrono::seconds;

struct Disposition {
  const char* word;
  Verdict verdict;
};

class SessionLeaseTest : public SessionTest, public testing::WithParamInterface<Disposition> {
 protected:
  SessionLeaseTest() {
    store_.add_key("example.com", "server");
    configure(settings_);
  }

  void lease_until(crypto::UtcTime end) { crypto::write_lease(files_, end); }

  void join() {
    crypto::write_membership(files_, {.fleet = "0b0e1f5c-8d8a-4b54-9b60-0d9a3c1f2e77",
                                      .host = "mx1",
                                      .sequence = 1,
                                      .mark = "11111111-2222-3333-4444-555555555555",
                                      .contact = crypto::utc_now()});
  }

  // As the guard in milter/callbacks does it.
  Verdict send(const Mail& mail = {}) {
    const auto connection = session();
    try {
      return deliver(*connection, mail).verdict;
    } catch (const std::exception& error) {
      return connection->fault(error);
    }
  }

  bool is_signed() {
    return send() == Verdict::proceed && last_line().find(": signed d=example.com") != std::string::npos;
  }

  void expect_no_lease(const std::string& reason) {
    lines_.clear();
    EXPECT_EQ(send(), GetParam().verdict) << reason;
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0].level, milter::LogLevel::error);
    EXPECT_TRUE(last_line().starts_with("4F1k: not signed: no lease: ")) << last_line();
    EXPECT_NE(last_line().find(reason), std::string::npos) << last_line();
    EXPECT_TRUE(last_line().ends_with(std::string(", on_error=") + GetParam().word)) << last_line();
  }

  // The daemon looks at the lease once a second.
  template <typename Condition>
  void expect_soon(Condition condition) {
    EXPECT_TRUE(eventually(condition)) << last_line();
  }

  const crypto::KeyStore files_{store_.path()};
  const std::string settings_ = std::string("on_error = \"") + GetParam().word + "\";";
};

TEST_P(SessionLeaseTest, SignsWhileItRuns) {
  join();
  lease_until(crypto::utc_now() + hours(1));
  EXPECT_TRUE(is_signed());
}

TEST_P(SessionLeaseTest, UsesNoKeyAfterItsEnd) {
  const auto end = crypto::utc_now() - seconds(1);
  join();
  lease_until(end);
  expect_no_lease("the lease of " + store_.path().string() + " is over since " + crypto::to_string(end) +
                  ": ");
}

TEST_P(SessionLeaseTest, EndsAndIsRenewedWithoutARestart) {
  join();
  // On a busy machine a short lease may be over before a message is signed: a longer one is tried then.
  bool was_signed = false;
  for (seconds length(3); !was_signed; length *= 2) {
    ASSERT_LT(length, patience) << last_line();
    const auto end = crypto::utc_now() + length;
    lease_until(end);
    expect_soon([&] { return (was_signed = is_signed()) || crypto::utc_now() >= end; });
  }
  expect_soon([&] { return !is_signed(); });
  expect_no_lease("is over since");
  lease_until(crypto::utc_now() + hours(1));
  expect_soon([&] { return is_signed(); });
}

TEST_P(SessionLeaseTest, SignsAgainWithoutEndWhenTheMachineHasLeft) {
  join();
  lease_until(crypto::utc_now() - hours(1));
  expect_no_lease("is over since");
  crypto::end_membership(files_);
  expect_soon([&] { return is_signed(); });
}

TEST_P(SessionLeaseTest, ACopyWithoutALeaseSignsNothing) {
  join();
  expect_no_lease("belongs to a fleet and has no lease yet");
}

TEST_P(SessionLeaseTest, ALeaseAloneHasAnEnd) {
  lease_until(crypto::utc_now() - hours(1));
  expect_no_lease("is over since");
}

TEST_P(SessionLeaseTest, ALeaseThatCannotBeReadIsAFault) {
  const auto lease = crypto::lease_path(files_);
  const std::vector<std::pair<std::function<void()>, std::string>> damages = {
      {[&] { write_file(lease, ""); }, ".lease:1: \"format\" is missing"},
      {[&] { write_file(lease, "format = 1; end = \"soon\";"); }, ".lease:1: \"end\" is not a UTC time"},
      {[&] { write_file(lease, "format = 1; end = \"2"); }, ".lease:1: a text that begins here does not end"},
      {[&] { write_file(lease, std::string(5000, '#')); }, ".lease is larger than the 4096 bytes"},
      {[&] { write_file(lease, "", 0666); }, ".lease has mode 0666"},
      {[&] { std::filesystem::create_directory(lease); }, ".lease is not a regular file"},
  };
  for (const auto& [damage, reason] : damages) {
    std::filesystem::remove(lease);
    damage();
    configure(settings_);  // begins again
    expect_no_lease("the lease cannot be read, and without it no key is used: ");
    expect_no_lease(reason);
  }
  std::filesystem::remove(lease);
  lease_until(crypto::utc_now() + hours(1));
  expect_soon([&] { return is_signed(); });
}

TEST_P(SessionLeaseTest, MailThatHasNoKeyNeedsNone) {
  lease_until(crypto::utc_now() - hours(1));
  EXPECT_EQ(send({.fields = {{"From", " a@elsewhere.example"}}, .body = {}}), Verdict::accept);
}

TEST_P(SessionLeaseTest, IsCounted) {
  lease_until(crypto::utc_now() - hours(1));
  try {
    shared_->setup()->keys.find(domain_name("example.com"));
    FAIL() << "no fault";
  } catch (const std::exception& error) {
    EXPECT_EQ(milter::kind_of(error), milter::ErrorKind::lease);
  }
}

INSTANTIATE_TEST_SUITE_P(OnError, SessionLeaseTest,
                         testing::Values(Disposition{"tempfail", Verdict::tempfail},
                                         Disposition{"accept", Verdict::accept},
                                         Disposition{"reject", Verdict::reject}),
                         [](const auto& test) { return test.param.word; });

}  // namespace
}  // namespace dkim::test
