// dkimkey verify: verifies a message's signatures as a receiver would.
#include <fmt/format.h>

#include <iostream>

#include "crypto/signatures/identity.hpp"
#include "keytool/cli/command_line.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/cli/time_option.hpp"
#include "keytool/messages/damage/damage_hints.hpp"
#include "keytool/messages/key_lookup.hpp"
#include "keytool/messages/message_file.hpp"
#include "keytool/messages/verify_report.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey verify [OPTIONS] [FILE]

Examples:
  dkimkey verify message.eml
      each signature of the message, with its key from DNS
  dkimkey show --domain example.com > zone; dkimkey sign message.eml | dkimkey verify --key-record zone
      without DNS
  dkimkey verify --resolver 9.9.9.9 --json < message.eml
      through another resolver, for a program

Verifies each DKIM-Signature of a message (from FILE, or from standard input) as a receiver does, and says why a
signature does not pass. If the message was changed, it says whether the header or the body differs, and tries the
usual causes: a hint is what made the hash match again, never a guess.
)",
    R"(Each signature has a line that begins with pass, fail, permerror, temperror, policy or neutral (RFC 8601). The
message must be as it was received: a copy from a mail program rarely is. Line ends may be LF or CRLF.

The record for --key-record is in a form that dkimkey show prints (zone, strings or value). A record without a
name is used for every signature.

Exit codes: 0 every signature passes, 1 one does not or there is none, 2 wrong usage, 3 DNS could not be asked.
)"};

crypto::KeyLookup lookup_of(const ParsedOptions& options) {
  const auto record = options.text("key-record");
  if (record && options.has("resolver"))
    throw UsageError("--key-record does not ask DNS: leave out --resolver");
  return record ? key_record_lookup(*record) : dns_lookup(read_dns_options(options));
}

ExitCode exit_code(const std::vector<SignatureReport>& reports) {
  ExitCode code = reports.empty() ? ExitCode::problem : ExitCode::done;
  for (const auto& report : reports) {
    const auto result = report.verdict.result();
    if (result == crypto::VerifyResult::pass) continue;
    code = worse(code, result == crypto::VerifyResult::temperror ? ExitCode::waiting : ExitCode::problem);
  }
  return code;
}

// The search for a cause takes several passes over the body, and real messages have few signatures.
constexpr std::size_t most_explained = 4;

std::vector<SignatureReport> verify_file(const MessageFile& message, const crypto::KeyLookup& lookup,
                                         crypto::UtcTime now) {
  std::vector<SignatureReport> reports;
  std::size_t explained = 0;
  for (auto& verdict : crypto::verify_message(message.fields(), message.body(), lookup, now)) {
    std::vector<std::string> hints;
    if (verdict.result() == crypto::VerifyResult::fail && ++explained <= most_explained)
      hints = damage_hints(verdict, message.fields(), message.body());
    const std::string& field = message.fields()[verdict.field].value;
    reports.push_back({std::move(verdict), field, std::move(hints)});
  }
  return reports;
}

void print_json(const std::vector<SignatureReport>& reports) {
  std::vector<JsonObject> objects;
  for (const auto& report : reports)
    objects.push_back(report_object(report));
  std::cout << json_array(objects);
}

}  // namespace

ExitCode verify(const Arguments& arguments) {
  CommandLine command_line("verify", help);
  command_line.add_options()                                                                   //
      ("key-record", value_text("FILE|TEXT"), "the key's record, instead of asking DNS")       //
      ("resolver", value_text("ADDRESS[@PORT]"), "ask this resolver instead of the system's")  //
      ("at", value_text("TIME"), "as if it were this UTC time, such as 2027-05-24T06:00:00Z")  //
      ("json", "print an array of objects, one for each signature");
  command_line.add_positional("file", "the message");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto lookup = lookup_of(*options);
  const auto now = time_option(*options).value_or(crypto::utc_now());

  const MessageFile message(read_message_text(options->text("file").value_or("-")));
  if (is_header_too_large(message)) throw crypto::Error(crypto::header_too_large);
  if (const auto bad = message.bad_start()) {
    std::cerr << fmt::format("note: {}\n", *bad);
  } else if (message.stray_line() != 0) {
    std::cerr << fmt::format(
        "note: line {} is neither a header field nor empty: the body is assumed to begin there\n",
        message.stray_line());
  }
  const auto reports = verify_file(message, lookup, now);
  if (options->has("json")) {
    print_json(reports);
  } else {
    for (const auto& report : reports)
      std::cout << report_text(report);
  }
  if (reports.empty()) std::cerr << "not signed: the message has no DKIM-Signature field\n";
  return exit_code(reports);
}

}  // namespace dkim::keytool
