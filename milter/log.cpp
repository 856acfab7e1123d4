#include "milter/log.hpp"

#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "canon/printable.hpp"

namespace dkim::milter {
namespace {

std::string prefix(std::string_view queue_id) {
  return (queue_id.empty() ? std::string("NOQUEUE") : canon::printable_word(queue_id, 64)) + ": ";
}

// Addresses have 320 octets at most; a longer one is cut.
std::string word(std::string_view text) {
  return canon::printable_word(text, 320);
}

template <typename Text>
std::string joined(const std::vector<crypto::SigningKey>& keys, Text text) {
  std::string out;
  for (const auto& key : keys) {
    if (!out.empty()) out += ',';
    out += text(key);
  }
  return out;
}

std::string milliseconds(std::chrono::microseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1fms", static_cast<double>(time.count()) / 1000.0);
  return text.data();
}

int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::info:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

void write_to_syslog(LogLevel level, const std::string& line) {
  syslog(syslog_priority(level), "%s", line.c_str());
}

// One system call a line, so that lines of several threads do not mix. Nothing can be done about an error.
void write_to_standard_error(LogLevel level, const std::string& line) {
  std::string text = "dkimsignd: ";
  if (level == LogLevel::error || level == LogLevel::warning) text += std::string(to_string(level)) + ": ";
  text += line + "\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void Log::write(LogLevel level, const std::string& line) const {
  if (level <= level_) sink_(level, line);
}

void Log::message_signed(std::string_view queue_id, const crypto::SigningIdentity& identity,
                         std::uint64_t size, std::chrono::microseconds time) const {
  if (level_ < LogLevel::info) return;
  write(LogLevel::info,
        prefix(queue_id) + "signed d=" + identity.domain.str() +
            " s=" + joined(identity.keys, [](const auto& key) { return key.selector.str(); }) + " a=" +
            joined(identity.keys, [](const auto& key) { return signature_name(key.key->algorithm()); }) +
            " from=" + word(identity.author) + " size=" + std::to_string(size) +
            " time=" + milliseconds(time));
}

void Log::not_ours(std::string_view queue_id, const ClientAddress& client, std::string_view sender) const {
  if (level_ < LogLevel::info) return;
  write(LogLevel::info, prefix(queue_id) + "not signed: client " + client.text() +
                            " is neither trusted nor authenticated, sender=" + word(sender));
}

void Log::not_signed(std::string_view queue_id, const crypto::NoIdentity& why) const {
  if (level_ < LogLevel::info) return;
  std::string line = prefix(queue_id) + "not signed: " + canon::printable(why.reason);
  if (!why.author.empty()) line += ", from=" + word(why.author);
  write(LogLevel::info, line);
}

void Log::malformed(std::string_view queue_id, std::string_view reason, Disposition disposition) const {
  write(LogLevel::warning, prefix(queue_id) + "not signed: malformed: " + canon::printable(reason) +
                               ", on_malformed=" + std::string(to_string(disposition)));
}

void Log::fault(std::string_view queue_id, std::string_view what, Disposition disposition) const {
  // Long enough for a path, its trouble and the remedy.
  write(LogLevel::error, prefix(queue_id) + "not signed: " + canon::printable(what, 2048) +
                             ", on_error=" + std::string(to_string(disposition)));
}

void Log::put_off(std::string_view queue_id) const {
  write(LogLevel::info, prefix(queue_id) + "put off: dkimsignd is stopping");
}

void Log::long_line(std::string_view queue_id, std::string_view where) const {
  write(LogLevel::warning,
        prefix(queue_id) + canon::printable(where) +
            " is longer than 998 octets: Postfix will cut it and the signature will fail; have the "
            "sender wrap or encode its lines, or raise smtp_line_length_limit");
}

void Log::eight_bit(std::string_view queue_id, std::uint64_t line) const {
  write(LogLevel::info,
        prefix(queue_id) + "note: 8-bit octets from body line " + std::to_string(line) +
            ": for a server without 8BITMIME Postfix recodes the body and the signature fails; "
            "disable_mime_output_conversion = yes prevents that");
}

void Log::cannot_insert() const {
  write(
      LogLevel::error,
      "the MTA does not let us add header fields (SMFIF_ADDHDRS): nothing can be signed on this connection");
}

void Log::negotiated(bool leading_space, bool no_reply) const {
  write(LogLevel::debug, std::string("connection: leading space ") +
                             (leading_space ? "kept" : "not offered") + ", no-reply steps " +
                             (no_reply ? "in use" : "not offered"));
}

void Log::started(const Config& config) const {
  write(LogLevel::info, "dkimsignd " DKIMSIGND_VERSION " listens on " + config.socket.text + ", keys in " +
                            config.signing.key_directory.string());
}

void Log::stopping() const {
  write(LogLevel::info, "stopping: messages in flight are finished, new ones put off");
}

void Log::stopped(bool all_finished) const {
  if (all_finished) {
    write(LogLevel::info, "stopped");
  } else {
    write(LogLevel::warning, "stopped with messages unfinished: the MTA keeps them and tries again");
  }
}

void Log::reloaded() const {
  write(LogLevel::info, "configuration reloaded");
}

void Log::reload_failed(std::string_view why) const {
  write(LogLevel::error,
        "configuration not reloaded, the old one stays in effect: " + canon::printable(why, 2048));
}

void Log::running_as_root() const {
  write(LogLevel::warning, "running as root, which is not needed: use an account that can read the keys");
}

Log::Sink log_sink(LogTarget target) {
  if (target == LogTarget::standard_error) {
    // libmilter knows nothing but syslog(3): what it has to say, such as why it cannot listen, comes here
    // too.
    openlog("dkimsignd", LOG_PERROR, LOG_MAIL);
    return write_to_standard_error;
  }
  openlog("dkimsignd", LOG_PID | LOG_NDELAY, LOG_MAIL);
  return write_to_syslog;
}

}  // namespace dkim::milter
