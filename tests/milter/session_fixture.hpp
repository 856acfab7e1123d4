// A session with its own key store and a log in memory. The test plays the MTA.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "milter/session.hpp"
#include "tests/milter/addresses.hpp"
#include "tests/milter/macros.hpp"
#include "tests/milter/milter_store.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {

using Fields = std::vector<canon::HeaderField>;

class SessionTest : public testing::Test {
 protected:
  struct Line {
    milter::LogLevel level;
    std::string text;
  };

  // A message as the MTA has it: fields as on the wire, but with LF folds.
  struct Mail {
    Fields fields = {{"From", " Alerts <alerts@example.com>"}, {"Subject", " one"}, {"To", " b@example.net"}};
    std::vector<std::string> body = {"hello\r\n"};
  };

  struct Outcome {
    milter::Verdict verdict = milter::Verdict::proceed;
    std::string step = "mail";  // the step that gave the verdict
    Fields inserted;            // top down, as in the message afterwards
  };

  SessionTest() { configure(""); }

  // Both functions add the key directory to the settings.
  void configure(const std::string& settings);
  milter::Config config(const std::string& settings) const;

  std::unique_ptr<milter::Session> session(
      const milter::ClientAddress& client = client_at("127.0.0.1"),
      milter::Session::LeadingSpace space = milter::Session::LeadingSpace::kept);

  milter::MacroLookup macro() const { return lookup_in(macros_); }
  // Takes the steps from MAIL to the end, or to the first step with a final verdict.
  Outcome deliver(milter::Session& session, const Mail& mail);
  // Returns a function that inserts fields as the MTA does.
  milter::InsertField keep_in(Fields& inserted);
  // Expects each signature to hold for the message as it goes out.
  void expect_valid(const Outcome& outcome, const Mail& mail, std::size_t signatures = 1) const;

  // Returns the last line of the log; empty if there is none.
  std::string last_line() const { return lines_.empty() ? "" : lines_.back().text; }

  MilterStore store_;
  Macros macros_ = {{"i", "4F1k"}};
  std::vector<Line> lines_;
  milter::Log::Sink keep_ = [this](auto level, const auto& text) { lines_.push_back({level, text}); };
  milter::Log log_{keep_, milter::LogLevel::debug};
  std::unique_ptr<milter::Shared> shared_;
  milter::Session::LeadingSpace space_ = milter::Session::LeadingSpace::kept;
};

}  // namespace dkim::test
