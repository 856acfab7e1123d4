// Every line that the daemon can log: its level, and its shape, in which {name} is the place of a value.
//
// This is the only list of them: milter/log writes nothing else, and does not compile unless it gives a line
// a value for each place. dkimsignd(8) explains each line under LOG LINES, and a test compares the two.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "milter/config.hpp"

namespace dkim::milter {

struct LogLine {
  LogLevel level;
  std::string_view shape;

  constexpr std::size_t places() const {
    return static_cast<std::size_t>(std::count(shape.begin(), shape.end(), '{'));
  }
};

// Each shape stands in one piece, so that a line of the log can be found by searching for it.
// clang-format off
namespace log_lines {

// Messages.
inline constexpr LogLine message_signed{
    LogLevel::info,
    "{id}: signed d={domain} s={selectors} a={algorithms} from={author} size={bytes} time={time}ms"};
inline constexpr LogLine message_signed_with_note{
    LogLevel::info,
    "{id}: signed d={domain} s={selectors} a={algorithms} from={author} size={bytes} time={time}ms, note: {note}"};
inline constexpr LogLine also_signed{
    LogLevel::info,
    "{id}: also signed d={domain} s={selectors} a={algorithms}"};
inline constexpr LogLine not_ours{
    LogLevel::info,
    "{id}: not signed: client {client} is neither trusted nor authenticated, sender={sender}"};
inline constexpr LogLine not_signed{
    LogLevel::info,
    "{id}: not signed: {reason}, from={author}"};
inline constexpr LogLine foreign_author{
    LogLevel::warning,
    "{id}: not signed: the login {login} may not use the domain {domain}, from={author}, on_foreign_author={action}"};
inline constexpr LogLine malformed{
    LogLevel::warning,
    "{id}: not signed: malformed: {reason}, on_malformed={action}"};
inline constexpr LogLine fault{
    LogLevel::error,
    "{id}: not signed: {fault}, on_error={action}"};
inline constexpr LogLine no_lease{
    LogLevel::error,
    "{id}: not signed: no lease: {reason}, on_error={action}"};
inline constexpr LogLine deferred{
    LogLevel::info,
    "{id}: deferred: dkimsignd is stopping"};
inline constexpr LogLine long_header_line{
    LogLevel::warning,
    "{id}: a line of header field {name} is longer than 998 bytes: Postfix will cut it and the signature will fail; have the sender wrap or encode its lines, or raise smtp_line_length_limit"};
inline constexpr LogLine long_body_line{
    LogLevel::warning,
    "{id}: body line {line} is longer than 998 bytes: Postfix will cut it and the signature will fail; have the sender wrap or encode its lines, or raise smtp_line_length_limit"};
inline constexpr LogLine eight_bit{
    LogLevel::info,
    "{id}: note: the body is not 7-bit from line {line} on: for a server without 8BITMIME Postfix recodes the body and the signature fails; disable_mime_output_conversion = yes prevents that"};
inline constexpr LogLine sendmail_long_header_line{
    LogLevel::warning,
    "{id}: a line of header field {name} is longer than 990 bytes: sendmail cuts it, unless SMTP_MAILER_LL or a smart host's mailer allows it, and the signature fails; have the sender wrap or encode its lines"};
inline constexpr LogLine sendmail_long_body_line{
    LogLevel::warning,
    "{id}: body line {line} is longer than 990 bytes: sendmail cuts it, unless SMTP_MAILER_LL or a smart host's mailer allows it, and the signature fails; have the sender wrap or encode its lines"};
inline constexpr LogLine sendmail_eight_bit{
    LogLevel::info,
    "{id}: note: the body is not 7-bit from line {line} on: for a server without 8BITMIME sendmail recodes a MIME body and the signature fails; define(`SMTP_MAILER_FLAGS', `8') prevents that"};
inline constexpr LogLine sendmail_rewrites{
    LogLevel::warning,
    "{id}: header field {name} has {problem}: sendmail writes it differently and the signature fails; have the sender write it as dkimsignd(8) says under SENDMAIL"};

// Connections.
inline constexpr LogLine cannot_insert{
    LogLevel::error,
    "the MTA does not let us add header fields (SMFIF_ADDHDRS): nothing can be signed on this connection"};
inline constexpr LogLine no_session{
    LogLevel::error,
    "a connection has no session, its mail is deferred: the MTA has negotiated nothing, or memory is short"};
inline constexpr LogLine negotiated{
    LogLevel::debug,
    "connection: leading space {kept}, no-reply steps {used}"};

// Troubles that affect many connections at once: one line when a trouble begins, and one when it is over.
inline constexpr LogLine no_descriptors{
    LogLevel::error,
    "no descriptors left: new connections are closed, the MTA keeps its mail and tries again"};
inline constexpr LogLine no_threads{
    LogLevel::error,
    "no more threads can be started: connections wait for the existing ones"};
inline constexpr LogLine no_memory{
    LogLevel::error,
    "no memory left: connections are closed, the MTA keeps its mail and tries again"};
inline constexpr LogLine stalled{
    LogLevel::warning,
    "a connection is closed: a packet on it stayed incomplete for 10 seconds"};
inline constexpr LogLine deaf{
    LogLevel::warning,
    "a connection is closed: the MTA did not read its answer for 10 seconds"};
inline constexpr LogLine disorder{
    LogLevel::warning,
    "a connection is closed: the MTA sent a packet that the milter protocol does not allow there"};
inline constexpr LogLine trouble_over{
    LogLevel::info,
    "over: {trouble}, connections affected: {count}"};

// The process.
inline constexpr LogLine started{
    LogLevel::info,
    "dkimsignd {version} listens on {socket}, keys in {directory}"};
inline constexpr LogLine read_ahead_off{
    LogLevel::info,
    "read-ahead is off, messages take more system calls: {reason}"};
inline constexpr LogLine not_ready{
    LogLevel::error,
    "not ready, exiting: no answer on our own socket {socket}: {reason}"};
inline constexpr LogLine no_answer{
    LogLevel::error,
    "no answer on our own socket {socket}, the watchdog waits for one: {reason}"};
inline constexpr LogLine answers_again{
    LogLevel::info,
    "our own socket {socket} answers again"};
inline constexpr LogLine cannot_ask{
    LogLevel::warning,
    "cannot connect to our own socket {socket}, nothing watches whether it answers: {reason}"};
inline constexpr LogLine stopping{
    LogLevel::info,
    "stopping: messages in flight are finished, new ones are deferred"};
inline constexpr LogLine stopped{
    LogLevel::info,
    "stopped"};
inline constexpr LogLine stopped_early{
    LogLevel::warning,
    "stopped with messages unfinished: the MTA keeps them and tries again"};
inline constexpr LogLine reloaded{
    LogLevel::info,
    "configuration reloaded"};
inline constexpr LogLine reload_failed{
    LogLevel::error,
    "configuration not reloaded, the old one stays in effect: {fault}"};
inline constexpr LogLine running_as_root{
    LogLevel::warning,
    "running as root, which is not needed: use an account that can read the keys"};
inline constexpr LogLine metrics_not_written{
    LogLevel::warning,
    "metrics not written, mail goes on: {fault}"};
inline constexpr LogLine metrics_written_again{
    LogLevel::info,
    "metrics written again: {file}"};

}  // namespace log_lines
// clang-format on

}  // namespace dkim::milter
