// One connection from the MTA and the message on it: a message's way from MAIL to its signatures.
//
// milter/callbacks translates libmilter's callbacks into these steps; a session knows nothing of libmilter.
// Not thread-safe: libmilter makes one call at a time for each connection, but from any thread that is free,
// so nothing here may be kept in thread-local storage. Every step may throw; the guard in callbacks then
// calls fault() or, after a step without an answer (connect, header, body), remember_fault().
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "milter/client_address.hpp"
#include "milter/shared.hpp"
#include "milter/sign_policy.hpp"

namespace dkim::milter {

enum class Verdict { proceed, accept, tempfail, reject };

// Puts a field on top of the message. The value has LF for its folds, and its leading space only if the MTA
// keeps that (Session::LeadingSpace). Throws if the MTA does not take the field.
using InsertField = std::function<void(const std::string& name, const std::string& value)>;

class Session {
 public:
  // Does the MTA hand over header fields with their leading space (SMFIP_HDR_LEADSPC), or does it eat one
  // space?
  enum class LeadingSpace { kept, eaten };

  // Shared outlives the session.
  Session(Shared& shared, LeadingSpace leading_space);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Notes the client, and counts the connection: a peer that only negotiates, such as the daemon's own probe,
  // is not counted. May be called again for another client on the same connection.
  void connect(ClientAddress client);

  // The steps of a message, in their order. A verdict other than "proceed" ends the message.
  Verdict mail(std::string_view sender, const MacroLookup& macro);
  void header(std::string_view name, std::string_view value);
  Verdict end_of_header(const MacroLookup& macro);
  void body(std::string_view chunk);
  Verdict end_of_message(const MacroLookup& macro, const InsertField& insert);

  // Returns one line of ASCII for the client about the last verdict; null if the MTA's own words will do.
  const char* reply_text() const { return reply_text_; }

  // Ends the message, not the connection.
  void abort();

  // Ends the message after a step with an answer has thrown. Returns the verdict that on_error asks for.
  Verdict fault(const std::exception& error) noexcept;
  // Stores what a step without an answer has thrown; the next step with an answer reports it. Does nothing
  // between messages.
  // NOLINTNEXTLINE(bugprone-exception-escape): what is emplaced does not throw
  void remember_fault(const std::exception& error) noexcept;

 private:
  struct Message;

  void note_queue_id(const MacroLookup& macro);
  Verdict refuse_malformed(NotSigned why, std::string_view reason);
  Verdict refuse_foreign_author(const crypto::NoIdentity& none);
  Verdict give_up(std::string_view what, ErrorKind kind);
  void note_fault(ErrorKind kind, Disposition disposition) const noexcept;
  Verdict end_with(Verdict verdict);

  Shared& shared_;
  LeadingSpace leading_space_;
  ClientAddress client_;
  bool counted_ = false;
  const char* reply_text_ = nullptr;
  std::unique_ptr<Message> message_;  // null between messages
  std::optional<InFlight::Token> reply_;
};

}  // namespace dkim::milter
