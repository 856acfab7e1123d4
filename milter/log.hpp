// Writes the daemon's log, with one function for each occasion; the lines themselves are in milter/log_lines.
//
// Lines read like Postfix's: the queue ID first, then what happened, then key=value. Whatever comes from
// outside is escaped (canon/printable). Thread-safe. A log that cannot be written, as on a full disk, loses
// lines and nothing else. All functions may throw std::bad_alloc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signatures/identity.hpp"
#include "milter/client_address.hpp"
#include "milter/config.hpp"
#include "milter/log_lines.hpp"
#include "milter/mta.hpp"

namespace dkim::milter {

enum class Trouble;  // milter/troubles

// What was agreed on with an MTA (milter/negotiation).
struct Negotiated {
  bool leading_space_is_kept;
  bool no_reply_steps_are_used;
};

class Log {
 public:
  // Takes one line without its end. Must be thread-safe.
  using Sink = std::function<void(LogLevel, const std::string&)>;

  explicit Log(Sink sink, LogLevel level) : sink_(std::move(sink)), level_(level) {}

  void set_level(LogLevel level) { level_ = level; }

  // Messages. An empty queue ID is written as NOQUEUE, as Postfix does.
  void message_signed(std::string_view queue_id, const crypto::SigningIdentity& identity, std::uint64_t size,
                      std::chrono::microseconds time) const;
  void not_ours(std::string_view queue_id, const ClientAddress& client, std::string_view sender) const;
  void not_signed(std::string_view queue_id, const crypto::NoIdentity& why) const;
  void foreign_author(std::string_view queue_id, const crypto::NoIdentity& why,
                      Disposition disposition) const;
  void malformed(std::string_view queue_id, std::string_view reason, Disposition disposition) const;
  void fault(std::string_view queue_id, std::string_view what, Disposition disposition) const;
  // A fault, too: this machine's copy of a fleet may not be used now.
  void no_lease(std::string_view queue_id, std::string_view what, Disposition disposition) const;
  void deferred(std::string_view queue_id) const;
  void long_header_line(std::string_view queue_id, Mta mta, std::string_view field_name) const;
  void long_body_line(std::string_view queue_id, Mta mta, std::uint64_t line) const;
  void eight_bit(std::string_view queue_id, Mta mta, std::uint64_t line) const;
  void sendmail_rewrites(std::string_view queue_id, std::string_view field_name,
                         std::string_view problem) const;

  // Connections.
  void cannot_insert() const;
  void no_session() const;
  void negotiated(const Negotiated& result) const;

  // Troubles that affect many connections at once.
  void trouble_begins(Trouble trouble) const;
  void trouble_is_over(Trouble trouble, std::uint64_t connections) const;

  // The process.
  void started(const Config& config) const;
  void read_ahead_off(std::string_view why) const;
  void not_ready(std::string_view socket, std::string_view why) const;
  void no_answer(std::string_view socket, std::string_view why) const;
  void answers_again(std::string_view socket) const;
  void cannot_ask(std::string_view socket, std::string_view why) const;
  void stopping() const;
  void stopped() const;
  void stopped_early() const;  // with messages unfinished
  void reloaded() const;
  void reload_failed(std::string_view why) const;
  void running_as_root() const;
  void metrics_not_written(std::string_view why) const;
  void metrics_written_again(std::string_view file) const;

 private:
  // Puts the values into the line's places, in their order.
  template <const LogLine& line, typename... Values>
  void write(const Values&... values) const {
    static_assert(sizeof...(Values) == line.places(), "one value for each place");
    write(line, {std::string_view(values)...});
  }
  void write(const LogLine& line, std::initializer_list<std::string_view> values) const;

  Sink sink_;
  std::atomic<LogLevel> level_;
};

// Returns a sink that writes to syslog(3), facility mail, to standard error, or to standard output.
Log::Sink log_sink(LogTarget target);

}  // namespace dkim::milter
