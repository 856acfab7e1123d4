// keytool/doctor: postconf's output about main.cf and master.cf, the milters named there, and the tables of
// smtp_header_checks. Takes any text; in the commands to paste, each value is one word to the shell.
#include "keytool/doctor/postfix/postfix_settings.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "keytool/doctor/postfix/header_check_rules.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

// Returns whether every byte is inside single quotes, escaped, or one that the shell leaves alone.
bool is_plain_to_the_shell(std::string_view command) {
  bool quoted = false;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\'') {
      quoted = !quoted;
    } else if (!quoted && c == '\\') {
      ++i;
    } else if (!quoted && std::string_view("\"`$&|;<>()*?[]~#\n\r{}!").find(c) != std::string_view::npos) {
      return false;
    }
  }
  return !quoted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string main = input.ConsumeRandomLengthString(2000);
  const std::string fields = input.ConsumeRandomLengthString(2000);
  const std::string overrides = input.ConsumeRandomLengthString(2000);
  const std::string table = input.ConsumeRandomLengthString(2000);
  const std::string socket = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";

  keytool::PostfixSettings settings;
  settings.main = keytool::parse_settings(main);
  settings.services = keytool::parse_services(
      fields, overrides, input.ConsumeBool() ? keytool::DefaultChroot::yes : keytool::DefaultChroot::no);
  for (const auto& service : settings.services) {
    const auto jail = settings.jail_of(service);
    for (const auto* name : {"smtpd_milters", "non_smtpd_milters"}) {
      for (const auto& endpoint : keytool::parse_milter_list(settings.of(service, name))) {
        test::require(endpoint.written.size() >= endpoint.text.size(), "an endpoint is a part of its entry");
        if (endpoint.is_unix()) keytool::endpoint_path(endpoint, jail);
        if (keytool::is_same_socket(endpoint, jail, socket)) keytool::resembles_socket(endpoint, socket);
      }
    }
    keytool::endpoint_for(socket, jail);
    for (const auto& [name, value] : service.overrides) {
      test::require(is_plain_to_the_shell(settings.set_command(service, "smtpd_milters", value)),
                    "a value stays one word to the shell");
    }
  }
  for (const auto& [name, value] : settings.main) {
    test::require(is_plain_to_the_shell(settings.set_command("smtpd_milters", value)),
                  "a value stays one word to the shell");
  }
  keytool::leaves_signed_fields(table, [](std::string_view name) { return name == "subject"; });
  return 0;
}
