#include "tests/milter/session_fixture.hpp"

#include "canon/line_endings.hpp"

namespace dkim::test {

using milter::Session;
using milter::Verdict;

milter::Config SessionTest::config(const std::string& settings) const {
  return milter::parse_config(settings + "\nkey_directory = \"" + store_.path().string() + "\";",
                              "test.conf");
}

void SessionTest::configure(const std::string& settings) {
  shared_ = std::make_unique<milter::Shared>(config(settings), log_);
}

std::unique_ptr<Session> SessionTest::session(const milter::ClientAddress& client,
                                              Session::LeadingSpace space) {
  space_ = space;
  auto out = std::make_unique<Session>(*shared_, space);
  out->connect(client);
  return out;
}

// Index 0 is the top; an MTA that eats a space puts one in front of what it inserts.
milter::InsertField SessionTest::keep_in(Fields& inserted) {
  return [this, &inserted](const std::string& name, const std::string& value) {
    const std::string space = space_ == Session::LeadingSpace::eaten ? " " : "";
    inserted.insert(inserted.begin(), {name, space + canon::to_crlf(value)});
  };
}

SessionTest::Outcome SessionTest::deliver(Session& session, const Mail& mail) {
  Outcome outcome;
  outcome.verdict = session.mail("<alerts@example.com>", macro());
  if (outcome.verdict != Verdict::proceed) return outcome;
  for (const auto& field : mail.fields) {
    std::string_view value = field.value;
    if (space_ == Session::LeadingSpace::eaten && value.starts_with(' ')) value.remove_prefix(1);
    session.header(field.name, value);
  }
  outcome.step = "end of header";
  outcome.verdict = session.end_of_header(macro());
  if (outcome.verdict != Verdict::proceed) return outcome;
  for (const auto& chunk : mail.body)
    session.body(chunk);
  outcome.step = "end of message";
  outcome.verdict = session.end_of_message(macro(), keep_in(outcome.inserted));
  return outcome;
}

void SessionTest::expect_valid(const Outcome& outcome, const Mail& mail, std::size_t signatures) const {
  EXPECT_EQ(outcome.verdict, Verdict::proceed) << last_line();
  EXPECT_EQ(outcome.step, "end of message");
  EXPECT_EQ(outcome.inserted.size(), signatures) << last_line();
  std::string body;
  for (const auto& chunk : mail.body)
    body += chunk;
  Fields wire;
  for (const auto& field : mail.fields)
    wire.push_back({field.name, canon::to_crlf(field.value)});
  for (const auto& signature : outcome.inserted) {
    EXPECT_EQ(signature.name, "DKIM-Signature");
    EXPECT_EQ(signature_fault(signature, wire, body, store_.public_keys()), "") << signature.value;
  }
}

}  // namespace dkim::test
