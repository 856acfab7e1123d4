// One connection from the MTA and the message on it: a message's way from MAIL to its signatures.
//
// Called by milter/callbacks, which translates libmilter; knows nothing of it. Not thread-safe: libmilter
// calls for one connection at a time, but from whichever thread is free, so nothing here may be kept in
// thread-local storage. Every step may throw; the guard in callbacks then calls fault() or, after a step that
// has no answer (header, body), remember_fault().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/signatures/signer.hpp"
#include "milter/body_watch.hpp"
#include "milter/client_address.hpp"
#include "milter/shared.hpp"
#include "milter/sign_policy.hpp"

namespace dkim::milter {

enum class Verdict { proceed, accept, tempfail, reject };

// Puts a field on top of the message, LF for its folds, its value with the leading space or without as the
// MTA keeps or eats it. Throws if the MTA does not take it.
using InsertField = std::function<void(const std::string& name, const std::string& value)>;

class Session {
 public:
  // Header fields with their leading space (SMFIP_HDR_LEADSPC), or with one space eaten by the MTA?
  enum class LeadingSpace { kept, eaten };

  Session(Shared& shared, LeadingSpace leading_space) : shared_(shared), leading_space_(leading_space) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Whoever only negotiates, such as the daemon itself, is not counted as a connection.
  void connect(ClientAddress client);
  Verdict mail(std::string_view sender, const MacroLookup& macro);
  void header(std::string_view name, std::string_view value);
  Verdict end_of_header(const MacroLookup& macro);
  void body(std::string_view chunk);
  Verdict end_of_message(const MacroLookup& macro, const InsertField& insert);
  // Ends the message, not the connection.
  void abort();

  // A step that is answered threw: ends the message; this is the answer.
  Verdict fault(const std::exception& error) noexcept;
  // A step without an answer threw: the next one that has an answer gives it.
  void remember_fault(const std::exception& error) noexcept;

 private:
  struct Message {
    Message(std::shared_ptr<Setup> setup_at_mail, InFlight::Token message_token)
        : setup(std::move(setup_at_mail)), token(std::move(message_token)) {}

    std::shared_ptr<Setup> setup;
    InFlight::Token token;
    std::string queue_id;
    std::vector<canon::HeaderField> fields;
    std::size_t header_size = 0;
    std::uint64_t body_size = 0;
    bool header_too_large = false;
    bool failed = false;
    std::string fault;  // why it failed, if there was memory to say so
    ErrorKind fault_kind = ErrorKind::other;
    std::optional<crypto::SigningIdentity> identity;
    std::optional<crypto::Signer> signer;
    BodyWatch watch;
  };

  Verdict end_with(Verdict verdict);
  Verdict give_up(std::string_view what, ErrorKind kind);
  void note_fault(ErrorKind kind, Disposition disposition) const noexcept;
  Verdict refuse_malformed(NotSigned why, std::string_view reason);
  void note_queue_id(const MacroLookup& macro);
  void warn_of_what_follows() const;

  Shared& shared_;
  LeadingSpace leading_space_;
  ClientAddress client_;
  bool counted_ = false;
  std::unique_ptr<Message> message_;
  std::optional<InFlight::Token> reply_;
};

}  // namespace dkim::milter
