#include "keytool/notify/sendmail.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/system/program.hpp"
#include "keytool/system/trusted_program.hpp"

namespace dkim::keytool {
namespace {

// Shorter than others wait for the lock of the notebook. An MTA that cannot write into its queue tries for
// ever.
constexpr std::chrono::seconds longest_sendmail{45};
constexpr std::size_t most_output = 64 << 10;

// Ignores PATH: this is run as root.
std::filesystem::path usual_program() {
  for (const auto* path : {"/usr/sbin/sendmail", "/usr/lib/sendmail"}) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  throw crypto::Error(
      "there is no /usr/sbin/sendmail: install an MTA such as Postfix, or set rotation.sendmail, or set "
      "rotation.notify = \"\"");
}

// What the program has said, in one line.
std::string said(const CapturedOutput& result) {
  const auto text = canon::trim_fws(result.errors.empty() ? result.output : result.errors);
  return text.empty() ? "it printed nothing" : fmt::format("it printed: {}", canon::printable(text));
}

}  // namespace

void send_mail(const std::filesystem::path& program, const crypto::NotifyAddress& recipient,
               const std::string& message) {
  const auto path = program.empty() ? usual_program() : program;
  require_trusted_program(path);
  const auto result =
      feed_program(path, {"-i", "--", recipient.str()}, message, longest_sendmail, most_output);
  if (result.status != 0) {
    throw crypto::Error(
        fmt::format("the program {} failed with status {}; {}", path.string(), result.status, said(result)));
  }
}

}  // namespace dkim::keytool
