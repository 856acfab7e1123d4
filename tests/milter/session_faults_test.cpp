// If a fault occurs while a message is on its way, on_error decides whether it leaves unsigned.
#include <sys/stat.h>

#include "crypto/error.hpp"
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using milter::LogLevel;
using milter::Session;
using milter::Verdict;

struct Disposition {
  const char* word;
  Verdict verdict;
};

class SessionFaultsTest : public SessionTest, public testing::WithParamInterface<Disposition> {
 protected:
  SessionFaultsTest() {
    store_.add_key("example.com", "server");
    configure("on_error = \"" + std::string(GetParam().word) + "\"; on_malformed = \"accept\";");
  }

  void expect_error_line(const std::string& what) const {
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0].level, LogLevel::error);
    EXPECT_EQ(last_line(), "4F1k: not signed: " + what + ", on_error=" + GetParam().word);
  }

  // Does what the guard in milter/callbacks does.
  template <typename Step>
  Verdict guarded(Session& session, Step step) {
    try {
      return step();
    } catch (const std::exception& error) {
      return session.fault(error);
    }
  }
};

TEST_P(SessionFaultsTest, AtTheEndOfTheHeader) {
  const auto key = store_.key_file("example.com", "server");
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->header("From", " a@example.com");
  EXPECT_EQ(guarded(*connection, [&] { return connection->end_of_header(macro()); }), GetParam().verdict);
  expect_error_line(key.string() +
                    " has mode 0644: a private key must not be open to others, nor writable by its group; "
                    "fix it with: chmod 0640 " +
                    key.string());
  EXPECT_TRUE(shared_->in_flight.wait_for_messages(std::chrono::milliseconds(0)));

  // After the repair it works at once.
  ASSERT_EQ(chmod(key.c_str(), 0640), 0);
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
}

TEST_P(SessionFaultsTest, WhenTheMtaDoesNotTakeTheSignature) {
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->header("From", " a@example.com");
  ASSERT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  const auto refuse = [](const std::string&, const std::string&) { throw crypto::Error("not taken"); };
  EXPECT_EQ(guarded(*connection, [&] { return connection->end_of_message(macro(), refuse); }),
            GetParam().verdict);
  expect_error_line("not taken");
}

// The last signature is inserted first, so that the author's is on top. A message with only the second one
// must not leave, even where unsigned mail may.
TEST_P(SessionFaultsTest, TheSecondSignatureNeverStaysAlone) {
  store_.add_key("esp.example", "e");
  configure("on_error = \"" + std::string(GetParam().word) +
            "\"; also_sign = ( { sender = \"*\"; domain = \"esp.example\"; } );");
  for (int taken = 0; taken < 2; ++taken) {
    auto connection = session();
    ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
    connection->header("From", " a@example.com");
    ASSERT_EQ(connection->end_of_header(macro()), Verdict::proceed);
    Fields inserted;
    const auto take_some = [&](const std::string& name, const std::string& value) {
      if (inserted.size() == static_cast<std::size_t>(taken)) throw crypto::Error("not taken");
      keep_in(inserted)(name, value);
    };
    const auto verdict = guarded(*connection, [&] { return connection->end_of_message(macro(), take_some); });
    const bool let_go = GetParam().verdict == Verdict::accept && taken == 1;
    EXPECT_EQ(verdict, let_go ? Verdict::tempfail : GetParam().verdict);
    EXPECT_EQ(last_line(), std::string("4F1k: not signed: not taken, on_error=") +
                               (let_go ? "tempfail" : GetParam().word));
  }
}

TEST_P(SessionFaultsTest, InAHeaderFieldWaitsForTheEndOfTheHeader) {
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->header("From", " a@example.com");
  connection->remember_fault(crypto::Error("out of paper"));
  connection->remember_fault(crypto::Error("a second one, which is not the cause"));
  connection->header("Subject", " x");
  EXPECT_EQ(connection->end_of_header(macro()), GetParam().verdict);
  expect_error_line("out of paper");
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
}

TEST_P(SessionFaultsTest, InTheBodyWaitsForTheEndOfTheMessage) {
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->header("From", " a@example.com");
  ASSERT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  connection->body("one\r\n");
  connection->remember_fault(crypto::Error("out of paper"));
  connection->body("two\r\n");
  Fields inserted;
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), GetParam().verdict);
  EXPECT_TRUE(inserted.empty());
  expect_error_line("out of paper");
}

TEST_P(SessionFaultsTest, DoesNotOutliveItsMessage) {
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->remember_fault(crypto::Error("out of paper"));
  connection->abort();
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
}

TEST_P(SessionFaultsTest, AtMailUsesTheConfigurationInEffect) {
  auto connection = session();
  const milter::MacroLookup broken = [](const char*) -> std::optional<std::string_view> {
    throw std::bad_alloc();
  };
  EXPECT_EQ(guarded(*connection, [&] { return connection->mail("<a@example.com>", broken); }),
            GetParam().verdict);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(last_line(), "NOQUEUE: not signed: std::bad_alloc, on_error=" + std::string(GetParam().word));
}

// If one key of a domain is broken, none of them is used: a message with half of its signatures looks right
// to a person, and wrong to a receiver that expects the other half.
TEST_P(SessionFaultsTest, OneBrokenKeyOfTwo) {
  store_.add_key("example.com", "second");
  std::filesystem::remove(store_.key_file("example.com", "second"));
  auto connection = session();
  const Verdict verdict = guarded(*connection, [&] { return deliver(*connection, {}).verdict; });
  EXPECT_EQ(verdict, GetParam().verdict);
  expect_error_line(store_.key_file("example.com", "second").string() +
                    " is missing, but the manifest beside it says that the key is active");
}

INSTANTIATE_TEST_SUITE_P(All, SessionFaultsTest,
                         testing::Values(Disposition{"accept", Verdict::accept},
                                         Disposition{"tempfail", Verdict::tempfail},
                                         Disposition{"reject", Verdict::reject}),
                         [](const auto& disposition) { return std::string(disposition.param.word); });

TEST_F(SessionTest, AFaultWithoutMemoryForItsLineIsATemporaryFailure) {
  milter::Log failing([](LogLevel, const std::string&) { throw std::bad_alloc(); }, LogLevel::debug);
  milter::Shared shared(config("on_error = \"accept\";"), failing);
  Session connection(shared, Session::LeadingSpace::kept);
  EXPECT_EQ(connection.fault(crypto::Error("x")), Verdict::tempfail);
}

}  // namespace
}  // namespace dkim::test
