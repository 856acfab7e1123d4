// milter/session and crypto/signatures/signer: the MTA's steps in any order that libmilter lets through and
// some that it does not, with any header fields and body chunks. Every signature that comes out verifies,
// every log line is one plain line.
#include "milter/session.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <iterator>

#include "canon/line_endings.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/signature_check.hpp"
#include "tests/fuzz/signing_store.hpp"

using namespace dkim;
using milter::Session;
using milter::Verdict;

namespace {

void check_log_line(milter::LogLevel, const std::string& line) {
  for (const char c : line)
    test::require(c >= ' ' && c < 0x7f, "a log line is one line of plain text");
}

milter::Config make_config(std::string_view canonicalization, std::string_view lists) {
  return milter::parse_config("canonicalization = \"" + std::string(canonicalization) + "\"; " +
                                  std::string(lists) + " key_directory = \"" +
                                  test::signing_store().directory().string() + "\"; log_level = \"debug\";",
                              "fuzz");
}

// Kept from one input to the next, for the sake of its keys.
milter::Shared& shared_of(std::size_t number) {
  constexpr std::string_view lists =
      "signed_headers = ( \"+X-Own\", \"-Subject\" ); oversigned_headers = ( \"+X-Own\", \"-Cc\" ); "
      "expiration = 300;";
  static milter::Log log(check_log_line, milter::LogLevel::debug);
  static milter::Shared all[] = {
      {make_config("relaxed/relaxed", ""), log},
      {make_config("simple/simple", ""), log},
      {make_config("relaxed/simple", lists), log},
      {make_config("simple/relaxed", lists), log},
  };
  return all[number % std::size(all)];
}

// The message as the session has been told of it.
struct Told {
  std::vector<canon::HeaderField> fields;
  std::string body;
  bool open = false;
  bool signing = false;
};

canon::HeaderField next_field(FuzzedDataProvider& input) {
  constexpr const char* names[] = {"From", "Subject", "to",       "X-Own", "List-Id",
                                   "CC",   "FROM ",   "Received", "Date"};
  std::string name =
      input.ConsumeBool() ? input.PickValueInArray(names) : input.ConsumeRandomLengthString(20);
  // Without a From that is ours nothing is signed: most messages get one.
  std::string value = input.ConsumeBool() ? " a@example.com" : input.ConsumeRandomLengthString(200);
  return {std::move(name), std::move(value)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const bool eaten = input.ConsumeBool();
  auto& shared = shared_of(input.ConsumeIntegral<std::uint8_t>());
  Session session(shared, eaten ? Session::LeadingSpace::eaten : Session::LeadingSpace::kept);
  const std::string queue_id = input.ConsumeRandomLengthString(12);
  const milter::MacroLookup macro = [&](const char* name) -> std::optional<std::string_view> {
    if (std::string_view(name) == "i") return queue_id;
    if (std::string_view(name) == "{auth_type}") return "PLAIN";
    return std::nullopt;
  };

  Told told;
  const auto end = [&](Verdict verdict) {
    if (verdict != Verdict::proceed) told = {};
  };
  for (int steps = 0; steps < 200 && input.remaining_bytes() > 0; ++steps) {
    switch (input.ConsumeIntegralInRange(0, 9)) {
      case 0:
        told = {};
        told.open = session.mail(input.ConsumeRandomLengthString(40), macro) == Verdict::proceed;
        test::require(told.open, "an authenticated client's message is ours");
        break;
      case 1:
        if (told.signing) break;  // a header ends once
        end(session.end_of_header(macro));
        told.signing = told.open;
        break;
      case 2:
      case 3:
      case 4: {
        const std::string chunk = input.ConsumeRandomLengthString(300);
        session.body(chunk);
        if (told.signing) told.body += chunk;
        break;
      }
      case 5: {
        int inserted = 0;
        const milter::InsertField insert = [&](const std::string& name, const std::string& value) {
          ++inserted;
          const std::string wire = (eaten ? " " : "") + value;
          test::require(value.find('\r') == std::string::npos, "folds go to the MTA as LF");
          test::require(test::verifies({name, canon::to_crlf(wire)}, told.fields, told.body,
                                       test::signing_store().public_key()),
                        "the signature verifies");
        };
        session.end_of_message(macro, insert);
        test::require(inserted == (told.signing ? 1 : 0), "a signature if and only if one was promised");
        told = {};
        break;
      }
      case 6:
        session.abort();
        told = {};
        break;
      default: {
        const auto field = next_field(input);
        if (told.signing) break;  // and then has no more fields
        session.header(field.name, field.value);
        if (told.open) told.fields.push_back({field.name, (eaten ? " " : "") + canon::to_crlf(field.value)});
      }
    }
  }
  return 0;
}
