#include "milter/log.hpp"

#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "canon/printable.hpp"
#include "milter/troubles.hpp"

namespace dkim::milter {
namespace {

std::string id(std::string_view queue_id) {
  return queue_id.empty() ? std::string("NOQUEUE") : canon::printable_word(queue_id, 64);
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

std::string_view words(Trouble trouble) {
  switch (trouble) {
    case Trouble::descriptors:
      return "no descriptors left";
    case Trouble::threads:
      return "no more threads";
    case Trouble::memory:
      return "no memory left";
    case Trouble::stalled:
      return "packets that do not go on";
    case Trouble::deaf:
      return "answers that are not taken";
    case Trouble::disorder:
      return "packets out of order";
  }
  return "";
}

std::string milliseconds(std::chrono::microseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(time.count()) / 1000.0);
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

void Log::write(const LogLine& line, std::initializer_list<std::string_view> values) const {
  if (line.level > level_) return;
  std::string text;
  std::string_view rest = line.shape;
  for (const auto value : values) {
    const auto place = rest.find('{');
    text += rest.substr(0, place);
    text += value;
    rest.remove_prefix(rest.find('}', place) + 1);
  }
  text += rest;
  sink_(line.level, text);
}

void Log::message_signed(std::string_view queue_id, const crypto::SigningIdentity& identity,
                         std::uint64_t size, std::chrono::microseconds time) const {
  if (level_ < LogLevel::info) return;
  const auto selectors = joined(identity.keys, [](const auto& key) { return key.selector.str(); });
  const auto algorithms =
      joined(identity.keys, [](const auto& key) { return signature_name(key.key->algorithm()); });
  if (identity.note.empty()) {
    write<log_lines::message_signed>(id(queue_id), identity.domain.str(), selectors, algorithms,
                                     word(identity.author), std::to_string(size), milliseconds(time));
  } else {
    write<log_lines::message_signed_with_note>(id(queue_id), identity.domain.str(), selectors, algorithms,
                                               word(identity.author), std::to_string(size),
                                               milliseconds(time), canon::printable(identity.note));
  }
}

void Log::not_ours(std::string_view queue_id, const ClientAddress& client, std::string_view sender) const {
  if (level_ < LogLevel::info) return;
  write<log_lines::not_ours>(id(queue_id), client.text(), word(sender));
}

void Log::not_signed(std::string_view queue_id, const crypto::NoIdentity& why) const {
  if (level_ < LogLevel::info) return;
  write<log_lines::not_signed>(id(queue_id), canon::printable(why.reason), word(why.author));
}

void Log::malformed(std::string_view queue_id, std::string_view reason, Disposition disposition) const {
  write<log_lines::malformed>(id(queue_id), canon::printable(reason), to_string(disposition));
}

void Log::fault(std::string_view queue_id, std::string_view what, Disposition disposition) const {
  // Long enough for a path, its trouble and the remedy.
  write<log_lines::fault>(id(queue_id), canon::printable(what, 2048), to_string(disposition));
}

void Log::put_off(std::string_view queue_id) const {
  write<log_lines::put_off>(id(queue_id));
}

void Log::long_line(std::string_view queue_id, std::string_view where) const {
  write<log_lines::long_line>(id(queue_id), canon::printable(where));
}

void Log::eight_bit(std::string_view queue_id, std::uint64_t line) const {
  write<log_lines::eight_bit>(id(queue_id), std::to_string(line));
}

void Log::cannot_insert() const {
  write<log_lines::cannot_insert>();
}

void Log::no_session() const {
  write<log_lines::no_session>();
}

void Log::negotiated(bool leading_space, bool no_reply) const {
  write<log_lines::negotiated>(leading_space ? "kept" : "not offered", no_reply ? "in use" : "not offered");
}

void Log::trouble_begins(Trouble trouble) const {
  switch (trouble) {
    case Trouble::descriptors:
      return write<log_lines::no_descriptors>();
    case Trouble::threads:
      return write<log_lines::no_threads>();
    case Trouble::memory:
      return write<log_lines::no_memory>();
    case Trouble::stalled:
      return write<log_lines::stalled>();
    case Trouble::deaf:
      return write<log_lines::deaf>();
    case Trouble::disorder:
      return write<log_lines::disorder>();
  }
}

void Log::trouble_is_over(Trouble trouble, std::uint64_t connections) const {
  write<log_lines::trouble_over>(words(trouble), std::to_string(connections));
}

void Log::started(const Config& config) const {
  write<log_lines::started>(DKIMSIGND_VERSION, config.socket.text, config.signing.key_directory.string());
}

void Log::read_ahead_off(std::string_view why) const {
  write<log_lines::read_ahead_off>(why);
}

void Log::not_ready(std::string_view socket, std::string_view why) const {
  write<log_lines::not_ready>(socket, canon::printable(why));
}

void Log::no_answer(std::string_view socket, std::string_view why) const {
  write<log_lines::no_answer>(socket, canon::printable(why));
}

void Log::answers_again(std::string_view socket) const {
  write<log_lines::answers_again>(socket);
}

void Log::cannot_ask(std::string_view socket, std::string_view why) const {
  write<log_lines::cannot_ask>(socket, canon::printable(why));
}

void Log::stopping() const {
  write<log_lines::stopping>();
}

void Log::stopped(bool all_finished) const {
  if (all_finished) {
    write<log_lines::stopped>();
  } else {
    write<log_lines::stopped_early>();
  }
}

void Log::reloaded() const {
  write<log_lines::reloaded>();
}

void Log::reload_failed(std::string_view why) const {
  write<log_lines::reload_failed>(canon::printable(why, 2048));
}

void Log::running_as_root() const {
  write<log_lines::running_as_root>();
}

void Log::metrics_not_written(std::string_view why) const {
  write<log_lines::metrics_not_written>(canon::printable(why, 2048));
}

void Log::metrics_written_again(std::string_view file) const {
  write<log_lines::metrics_written_again>(canon::printable(file, 2048));
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
