// crypto/signatures/verifier and keytool's damage hints and reports: any message, judged with any key record.
// The first line of the input is the record.
#include "crypto/signatures/verifier.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "canon/text.hpp"
#include "crypto/signatures/signed_data.hpp"
#include "keytool/messages/damage/damage_hints.hpp"
#include "keytool/messages/message_file.hpp"
#include "keytool/messages/verify_report.hpp"
#include "keytool/output/terminal_text.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

using Fields = std::vector<canon::HeaderField>;

crypto::VerifyResult result_of_field(const Fields& fields, std::size_t signature, std::string_view body,
                                     const crypto::KeyLookup& lookup, crypto::UtcTime now) {
  for (const auto& verdict : crypto::verify_message(fields, body, lookup, now)) {
    if (verdict.field == signature) return verdict.result();
  }
  test::require(false, "each signature has a verdict");
  return {};
}

// A signature that holds still holds without the fields that it does not cover, but not without one that it
// covers.
void check_pass(const crypto::Verdict& verdict, const Fields& fields, std::string_view body,
                const crypto::KeyLookup& lookup, crypto::UtcTime now) {
  const auto covered = crypto::signed_fields(fields, verdict.signature->names, verdict.field);
  const std::set<std::size_t> kept(covered.begin(), covered.end());
  Fields fewer;
  std::size_t own = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i == verdict.field) own = fewer.size();
    if (i == verdict.field || kept.contains(i)) fewer.push_back(fields[i]);
  }
  test::require(result_of_field(fewer, own, body, lookup, now) == crypto::VerifyResult::pass,
                "unsigned fields do not matter");
  if (!covered.empty()) {
    Fields changed = fields;
    changed[covered.front()].value += "x";
    test::require(result_of_field(changed, verdict.field, body, lookup, now) == crypto::VerifyResult::fail,
                  "signed fields matter");
  }
  if (!verdict.signature->body_limit) {
    test::require(result_of_field(fields, verdict.field, std::string(body) + "x", lookup, now) ==
                      crypto::VerifyResult::fail,
                  "the body matters");
  }
}

void check_report(const keytool::SignatureReport& report) {
  const std::string text = keytool::report_text(report);
  test::require(text.ends_with('\n') && text.front() != ' ', "a report consists of lines");
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    test::require(keytool::terminal_text(line) == line, "nothing of a message acts on a terminal");
    rest.remove_prefix(line.size() + 1);
  }
  const std::string json = keytool::report_object(report).str();
  test::require(std::none_of(json.begin(), json.end(), canon::is_control), "a JSON object is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');
  if (line_end == std::string::npos) return 0;
  const std::string record = text.substr(0, line_end);
  const keytool::MessageFile message(text.substr(line_end + 1));
  const auto& fields = message.fields();
  const crypto::KeyLookup lookup = [&](const std::string& name) {
    test::require(name.size() <= 253 && name.find("._domainkey.") != std::string::npos,
                  "a name fits into DNS");
    return crypto::KeyAnswer{crypto::KeyAnswer::Kind::found, {record}, ""};
  };
  const crypto::UtcTime now{std::chrono::seconds(1'795'000'000)};

  for (auto& verdict : crypto::verify_message(fields, message.body(), lookup, now)) {
    const bool pass = verdict.result() == crypto::VerifyResult::pass;
    test::require(pass == verdict.text.empty(), "whatever does not pass has a reason");
    test::require(pass == (verdict.body_holds == true && verdict.header_holds == true),
                  "a signature passes if and only if body and header hold");
    if (pass) check_pass(verdict, fields, message.body(), lookup, now);

    const auto& field = fields[verdict.field];
    const auto without = crypto::without_signature(field);
    test::require(crypto::without_signature(without).value == without.value,
                  "emptying b= again changes nothing");
    test::require(without.value.size() <= field.value.size(), "nothing is added to the field");

    auto hints = keytool::damage_hints(verdict, fields, message.body());
    test::require(hints.empty() || verdict.result() == crypto::VerifyResult::fail,
                  "only a failed signature has hints");
    check_report({std::move(verdict), field.value, std::move(hints)});
  }
  return 0;
}
