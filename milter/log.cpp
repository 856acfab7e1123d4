#include "milter/log.hpp"

#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include "canon/printable.hpp"
#include "milter/troubles.hpp"

namespace dkim::milter {
namespace {

// A fault may name a path, what is wrong with it and the command that corrects it.
constexpr std::size_t longest_fault = 2048;

std::string id(std::string_view queue_id) {
  return queue_id.empty() ? std::string("NOQUEUE") : canon::printable_word(queue_id, 64);
}

// An address has at most 320 bytes; a longer one is cut.
std::string word(std::string_view text) {
  return canon::printable_word(text, 320);
}

std::string fault_text(std::string_view text) {
  return canon::printable(text, longest_fault);
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

std::string selectors_of(const std::vector<crypto::SigningKey>& keys) {
  return joined(keys, [](const auto& key) { return key.selector.str(); });
}

std::string algorithms_of(const std::vector<crypto::SigningKey>& keys) {
  return joined(keys, [](const auto& key) { return signature_name(key.key->algorithm()); });
}

std::string_view name_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::descriptors:
      return "no descriptors left";
    case Trouble::threads:
      return "no more threads";
    case Trouble::memory:
      return "no memory left";
    case Trouble::stalled:
      return "incomplete packets";
    case Trouble::deaf:
      return "answers not read";
    case Trouble::disorder:
      return "packets out of order";
  }
  return "";
}

std::string milliseconds(std::chrono::microseconds time) {
  return fmt::format("{:.1f}", static_cast<double>(time.count()) / 1000.0);
}

int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::info:
      return LOG_INFO;
    case LogLevel::debug:
      return LOG_DEBUG;
  }
  return LOG_DEBUG;
}

void write_to_syslog(LogLevel level, const std::string& line) {
  syslog(syslog_priority(level), "%s", line.c_str());
}

// Makes one system call for each line, so that lines of several threads do not mix. Nothing can be done about
// an error.
void write_to(int descriptor, LogLevel level, const std::string& line) {
  const bool is_trouble = level == LogLevel::error || level == LogLevel::warning;
  const auto text = is_trouble ? fmt::format("dkimsignd: {}: {}\n", to_string(level), line)
                               : fmt::format("dkimsignd: {}\n", line);
  [[maybe_unused]] const auto ignored = ::write(descriptor, text.data(), text.size());
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
  const auto selectors = selectors_of(identity.keys);
  const auto algorithms = algorithms_of(identity.keys);
  if (identity.note.empty()) {
    write<log_lines::message_signed>(id(queue_id), identity.domain.str(), selectors, algorithms,
                                     word(identity.author), std::to_string(size), milliseconds(time));
  } else {
    write<log_lines::message_signed_with_note>(id(queue_id), identity.domain.str(), selectors, algorithms,
                                               word(identity.author), std::to_string(size),
                                               milliseconds(time), canon::printable(identity.note));
  }
  for (const auto& second : identity.second)
    write<log_lines::also_signed>(id(queue_id), second.domain.str(), selectors_of(second.keys),
                                  algorithms_of(second.keys));
}

void Log::not_ours(std::string_view queue_id, const ClientAddress& client, std::string_view sender) const {
  if (level_ < LogLevel::info) return;
  write<log_lines::not_ours>(id(queue_id), client.text(), word(sender));
}

void Log::not_signed(std::string_view queue_id, const crypto::NoIdentity& why) const {
  if (level_ < LogLevel::info) return;
  write<log_lines::not_signed>(id(queue_id), canon::printable(why.reason), word(why.author));
}

void Log::foreign_author(std::string_view queue_id, const crypto::NoIdentity& why,
                         Disposition disposition) const {
  write<log_lines::foreign_author>(id(queue_id), why.login.empty() ? "without a name" : word(why.login),
                                   word(why.foreign_domain), word(why.author), to_string(disposition));
}

void Log::malformed(std::string_view queue_id, std::string_view reason, Disposition disposition) const {
  write<log_lines::malformed>(id(queue_id), canon::printable(reason), to_string(disposition));
}

void Log::fault(std::string_view queue_id, std::string_view what, Disposition disposition) const {
  write<log_lines::fault>(id(queue_id), fault_text(what), to_string(disposition));
}

void Log::no_lease(std::string_view queue_id, std::string_view what, Disposition disposition) const {
  write<log_lines::no_lease>(id(queue_id), fault_text(what), to_string(disposition));
}

void Log::deferred(std::string_view queue_id) const {
  write<log_lines::deferred>(id(queue_id));
}

void Log::long_header_line(std::string_view queue_id, Mta mta, std::string_view field_name) const {
  const auto name = canon::printable(field_name);
  if (mta == Mta::sendmail) {
    write<log_lines::sendmail_long_header_line>(id(queue_id), name);
  } else {
    write<log_lines::long_header_line>(id(queue_id), name);
  }
}

void Log::long_body_line(std::string_view queue_id, Mta mta, std::uint64_t line) const {
  if (mta == Mta::sendmail) {
    write<log_lines::sendmail_long_body_line>(id(queue_id), std::to_string(line));
  } else {
    write<log_lines::long_body_line>(id(queue_id), std::to_string(line));
  }
}

void Log::eight_bit(std::string_view queue_id, Mta mta, std::uint64_t line) const {
  if (mta == Mta::sendmail) {
    write<log_lines::sendmail_eight_bit>(id(queue_id), std::to_string(line));
  } else {
    write<log_lines::eight_bit>(id(queue_id), std::to_string(line));
  }
}

void Log::sendmail_rewrites(std::string_view queue_id, std::string_view field_name,
                            std::string_view problem) const {
  write<log_lines::sendmail_rewrites>(id(queue_id), canon::printable(field_name), problem);
}

void Log::cannot_insert() const {
  write<log_lines::cannot_insert>();
}

void Log::no_session() const {
  write<log_lines::no_session>();
}

void Log::negotiated(const Negotiated& result) const {
  write<log_lines::negotiated>(result.leading_space_is_kept ? "kept" : "not offered",
                               result.no_reply_steps_are_used ? "in use" : "not offered");
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
  write<log_lines::trouble_over>(name_of(trouble), std::to_string(connections));
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

void Log::stopped() const {
  write<log_lines::stopped>();
}

void Log::stopped_early() const {
  write<log_lines::stopped_early>();
}

void Log::reloaded() const {
  write<log_lines::reloaded>();
}

void Log::reload_failed(std::string_view why) const {
  write<log_lines::reload_failed>(fault_text(why));
}

void Log::running_as_root() const {
  write<log_lines::running_as_root>();
}

void Log::metrics_not_written(std::string_view why) const {
  write<log_lines::metrics_not_written>(fault_text(why));
}

void Log::metrics_written_again(std::string_view file) const {
  write<log_lines::metrics_written_again>(fault_text(file));
}

Log::Sink log_sink(LogTarget target) {
  if (target != LogTarget::syslog) {
    // libmilter knows only syslog(3). With this, what it has to say, such as why it cannot listen, comes to
    // standard error as well.
    openlog("dkimsignd", LOG_PERROR, LOG_MAIL);
    const int descriptor = target == LogTarget::standard_error ? STDERR_FILENO : STDOUT_FILENO;
    return [descriptor](LogLevel level, const std::string& line) { write_to(descriptor, level, line); };
  }
  openlog("dkimsignd", LOG_PID | LOG_NDELAY, LOG_MAIL);
  return write_to_syslog;
}

}  // namespace dkim::milter
