#include "keytool/doctor/host/sendmail_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "canon/text.hpp"
#include "crypto/file.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* default_file = "/etc/mail/sendmail.cf";
constexpr std::size_t largest_file = 4 << 20;

// Takes the text up to the next separator off the front, without white space around it.
std::string_view next_item(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto item = canon::trim_fws(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return item;
}

// "name, S=local:/path, F=T, T=S:30s"
SendmailFilter filter_of(std::string_view text) {
  SendmailFilter filter;
  filter.name = next_item(text, ',');
  while (!text.empty()) {
    const auto item = next_item(text, ',');
    if (item.starts_with("S=")) filter.socket = canon::trim_fws(item.substr(2));
    if (item.starts_with("F=")) filter.flags = canon::trim_fws(item.substr(2));
  }
  return filter;
}

// "relay:[mail.example.com]"; the mailer and the brackets may be missing.
std::string smart_host_of(std::string_view text) {
  const auto bracket = text.find('[');
  if (bracket != std::string_view::npos)
    return std::string(text.substr(bracket + 1, text.find(']', bracket) - bracket - 1));
  const auto colon = text.find(':');
  return std::string(colon == std::string_view::npos ? text : text.substr(colon + 1));
}

// Returns the socket as dkimsignd.conf writes it. sendmail knows "unix:" and "local:", and a path alone.
std::string socket_of(const SendmailFilter& filter) {
  const std::string_view text = filter.socket;
  if (text.starts_with('/')) return fmt::format("unix:{}", text);
  if (text.starts_with("local:")) return fmt::format("unix:{}", text.substr(6));
  return std::string(text);
}

std::string_view port_of(std::string_view socket) {
  if (!socket.starts_with("inet")) return {};
  const auto colon = socket.find(':');
  return colon == std::string_view::npos ? std::string_view()
                                         : socket.substr(colon + 1, socket.find('@') - colon - 1);
}

// The same host may have several names, so that only the port counts.
bool is_for(const SendmailFilter& filter, const std::string& socket) {
  const auto port = port_of(socket);
  const auto theirs = socket_of(filter);
  if (!port.empty()) return port_of(theirs) == port;
  if (!theirs.starts_with("unix:") || !socket.starts_with("unix:")) return false;
  std::error_code error;
  return theirs == socket || std::filesystem::equivalent(theirs.substr(5), socket.substr(5), error);
}

std::string line_for(const std::string& socket) {
  const auto theirs = socket.starts_with("unix:") ? fmt::format("local:{}", socket.substr(5)) : socket;
  return fmt::format("INPUT_MAIL_FILTER(`dkimsignd', `S={}, F=T, T=R:2m')dnl", theirs);
}

Finding sendmail_finding(const SendmailSettings& settings, Severity severity, std::string what,
                         std::string advice = {}, std::vector<std::string> paste = {}) {
  return {severity, "sendmail", settings.file, std::move(what), std::move(advice), std::move(paste)};
}

constexpr const char* put_into_mc =
    "put this line into sendmail.mc above MAILER, run \"make -C /etc/mail\" and restart sendmail:";

Finding filter_finding(const SendmailSettings& settings, const std::string& socket) {
  const auto& filters = settings.filters;
  const auto found =
      std::find_if(filters.begin(), filters.end(), [&](const auto& each) { return is_for(each, socket); });
  if (found == filters.end()) {
    return sendmail_finding(settings, Severity::broken,
                            fmt::format("no milter has the socket {}: no mail is signed", socket),
                            put_into_mc, {line_for(socket)});
  }
  const auto& names = settings.input_filters;
  if (std::find(names.begin(), names.end(), found->name) == names.end()) {
    return sendmail_finding(
        settings, Severity::broken,
        fmt::format("the milter {} is not in InputMailFilters: no mail is signed", found->name),
        "write INPUT_MAIL_FILTER instead of MAIL_FILTER in sendmail.mc");
  }
  if (found->flags.empty()) {
    return sendmail_finding(
        settings, Severity::risk,
        fmt::format("the milter {} has no F=: while dkimsignd is down, mail leaves unsigned", found->name),
        put_into_mc, {line_for(socket)});
  }
  if (found->flags.find('R') != std::string::npos) {
    return sendmail_finding(
        settings, Severity::risk,
        fmt::format("the milter {} has F=R: while dkimsignd is down, mail is refused for good and lost",
                    found->name),
        put_into_mc, {line_for(socket)});
  }
  return sendmail_finding(settings, Severity::good,
                          "sendmail hands mail to dkimsignd, and lets it wait while dkimsignd is down");
}

}  // namespace

std::optional<SendmailSettings> read_sendmail_settings() {
  const auto file = crypto::open_regular_file(default_file);
  if (!file) return std::nullopt;
  return parse_sendmail_settings(default_file,
                                 crypto::view(crypto::read_all(*file, default_file, largest_file)));
}

SendmailSettings parse_sendmail_settings(std::string file, std::string_view text) {
  constexpr std::string_view list = "O InputMailFilters=";
  SendmailSettings settings{std::move(file), {}, {}, {}};
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('X')) settings.filters.push_back(filter_of(line.substr(1)));
    if (line.starts_with("DS")) settings.smart_host = smart_host_of(canon::trim_fws(line.substr(2)));
    if (!line.starts_with(list)) continue;
    settings.input_filters.clear();
    for (auto names = line.substr(list.size()); !names.empty();)
      settings.input_filters.emplace_back(next_item(names, ','));
  }
  return settings;
}

Findings check_sendmail(const SendmailSettings& settings, const std::string& socket) {
  return {filter_finding(settings, socket),
          sendmail_finding(settings, Severity::unknown,
                           "what sendmail changes after signing is not examined here",
                           "compare sendmail.mc and submit.mc with SENDMAIL in dkimsignd(8)")};
}

}  // namespace dkim::keytool
