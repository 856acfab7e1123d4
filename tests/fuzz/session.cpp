// milter/session and crypto/signatures/signer: takes the MTA's steps in any order that libmilter allows, and
// in some that it does not, with any header fields and body chunks. Every signature verifies, and every log
// line is one line of plain text.
#include "milter/session.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <iterator>

#include "canon/header_field.hpp"
#include "canon/line_endings.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/signing_store.hpp"
#include "tests/support/signature_check.hpp"

using namespace dkim;
using milter::Session;
using milter::Verdict;

namespace {

milter::Config make_config(std::string_view canonicalization, std::string_view lists) {
  return milter::parse_config("canonicalization = \"" + std::string(canonicalization) + "\"; " +
                                  std::string(lists) + " key_directory = \"" +
                                  test::signing_store().directory().string() + "\"; log_level = \"debug\";",
                              "fuzz");
}

// Returns one of several configurations. They are kept from one input to the next, because of their keys.
milter::Shared& shared_of(std::size_t number) {
  constexpr std::string_view lists =
      "signed_headers = ( \"+X-Own\", \"-Subject\" ); oversigned_headers = ( \"+X-Own\", \"-Cc\" ); "
      "expiration = 300;";
  static milter::Log log(test::require_plain_line, milter::LogLevel::debug);
  static milter::Shared all[] = {
      {make_config("relaxed/relaxed", ""), log},
      {make_config("simple/simple", ""), log},
      {make_config("relaxed/simple", lists), log},
      {make_config("simple/relaxed", lists), log},
  };
  return all[number % std::size(all)];
}

canon::HeaderField next_field(FuzzedDataProvider& input) {
  constexpr const char* names[] = {"From", "Subject", "to",       "X-Own", "List-Id",
                                   "CC",   "FROM ",   "Received", "Date"};
  std::string name =
      input.ConsumeBool() ? input.PickValueInArray(names) : input.ConsumeRandomLengthString(20);
  // Nothing is signed without a From of ours, so most messages get one.
  std::string value = input.ConsumeBool() ? " a@example.com" : input.ConsumeRandomLengthString(200);
  return {std::move(name), std::move(value)};
}

// The MTA's side: takes the steps of the session and knows what they must lead to.
class Mta {
 public:
  explicit Mta(FuzzedDataProvider& input)
      : input_(input),
        space_(input.ConsumeBool() ? Session::LeadingSpace::eaten : Session::LeadingSpace::kept),
        session_(shared_of(input.ConsumeIntegral<std::uint8_t>()), space_),
        queue_id_(input.ConsumeRandomLengthString(12)) {}

  void take_a_step() {
    switch (input_.ConsumeIntegralInRange(0, 9)) {
      case 0:
        return mail();
      case 1:
        return end_of_header();
      case 2:
      case 3:
      case 4:
        return body();
      case 5:
        return end_of_message();
      case 6:
        session_.abort();
        known_ = {};
        return;
      default:
        return header();
    }
  }

 private:
  // The part of the message that the session knows.
  struct Known {
    std::vector<canon::HeaderField> fields;
    std::string body;
    bool open = false;
    bool signing = false;
  };

  void mail() {
    known_ = {};
    known_.open = session_.mail(input_.ConsumeRandomLengthString(40), macro_) == Verdict::proceed;
    test::require(known_.open, "an authenticated client's message is ours");
  }

  void header() {
    const auto field = next_field(input_);
    if (known_.signing) return;  // a message has no fields after the end of its header
    session_.header(field.name, field.value);
    if (known_.open) known_.fields.push_back({field.name, eaten_space() + canon::to_crlf(field.value)});
  }

  void end_of_header() {
    if (known_.signing) return;  // a header ends once
    if (session_.end_of_header(macro_) != Verdict::proceed) known_ = {};
    known_.signing = known_.open;
  }

  void body() {
    const std::string chunk = input_.ConsumeRandomLengthString(300);
    session_.body(chunk);
    if (known_.signing) known_.body += chunk;
  }

  void end_of_message() {
    int inserted = 0;
    session_.end_of_message(macro_, [&](const std::string& name, const std::string& value) {
      ++inserted;
      test::require(value.find('\r') == std::string::npos, "folds go to the MTA as LF");
      const auto fault = test::signature_fault({name, canon::to_crlf(eaten_space() + value)}, known_.fields,
                                               known_.body, test::signing_store().public_keys());
      test::require(fault.empty(), "the signature verifies");
    });
    test::require(inserted == (known_.signing ? 1 : 0),
                  "a message has a signature if and only if it is to be signed");
    known_ = {};
  }

  std::string eaten_space() const { return space_ == Session::LeadingSpace::eaten ? " " : ""; }

  FuzzedDataProvider& input_;
  Session::LeadingSpace space_;
  Session session_;
  std::string queue_id_;
  Known known_;
  milter::MacroLookup macro_ = [this](const char* name) -> std::optional<std::string_view> {
    if (std::string_view(name) == "i") return queue_id_;
    if (std::string_view(name) == "{auth_type}") return "PLAIN";
    return std::nullopt;
  };
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Mta mta(input);
  for (int steps = 0; steps < 200 && input.remaining_bytes() > 0; ++steps)
    mta.take_a_step();
  return 0;
}
