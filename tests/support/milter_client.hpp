// Speaks the MTA's side of the milter protocol (version 6) as Postfix does (postfix/src/milter/milter8.c).
//
// There is one method for each step. It sends the macros of the step, then the step, unless the milter asked
// in the negotiation not to get that step; then it reads the reply, unless the milter said that it gives
// none. With another Offer, a test plays a lesser MTA and takes the same steps.
//
// Steps without a reply are buffered, as in Postfix; a test that stalls after one calls connection().flush().
// Failures (time-out, closed connection, nonsense from the milter) throw MilterError. No verdict is a
// failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The protocol's own names: SMFIC_* commands, SMFIR_* replies, SMFIP_* protocol bits.
#include <libmilter/mfdef.h>

#include "tests/support/milter_connection.hpp"

namespace dkim::test {

// The offer of the MTA in SMFIC_OPTNEG. The defaults are as in Postfix 3.7.
struct Offer {
  std::uint32_t version = SMFI_PROT_VERSION;
  std::uint32_t actions = SMFI_CURR_ACTS;
  std::uint32_t protocol = SMFI_CURR_PROT;
};

// Numbered as in SMFIR_SETSYMLIST (SMFIM_* in libmilter's mfapi.h).
enum class Stage { connect, helo, mail, rcpt, data, end_of_message, end_of_header };
inline constexpr std::size_t stage_count = 7;

// The milter's answer to an Offer.
struct Agreement {
  std::uint32_t version = 0;
  std::uint32_t actions = 0;
  std::uint32_t protocol = 0;
  // The names of the macros that it wants, for the stages that it named.
  std::array<std::optional<std::vector<std::string>>, stage_count> symbols;
};

enum class Verdict : char {
  none = 0,  // no reply was due
  proceed = SMFIR_CONTINUE,
  accept = SMFIR_ACCEPT,
  reject = SMFIR_REJECT,
  tempfail = SMFIR_TEMPFAIL,
  discard = SMFIR_DISCARD,
  reply_code = SMFIR_REPLYCODE,
  skip = SMFIR_SKIP,
  shutdown = SMFIR_SHUTDOWN,
  connection_failure = SMFIR_CONN_FAIL,
};

// A header field that the milter inserts, adds or changes.
struct HeaderEdit {
  char command = 0;  // SMFIR_INSHEADER, SMFIR_ADDHEADER, SMFIR_CHGHEADER
  std::uint32_t index = 0;
  std::string name;
  std::string value;  // as on the wire: LF folds
};

struct Reply {
  Verdict verdict = Verdict::none;
  std::string text;  // of a reply_code
  std::vector<HeaderEdit> edits;
  std::string other_edits;  // commands of the edits that are not about header fields, e.g. "+b"
  unsigned progress = 0;    // how often the milter asked for more time

  // Returns whether the milter wants no more of this message.
  bool is_final() const {
    return verdict != Verdict::none && verdict != Verdict::proceed && verdict != Verdict::skip;
  }
};

// The SMTP client, as the connect step describes it.
struct SmtpClient {
  std::string name = "localhost";
  char family = SMFIA_INET;  // SMFIA_UNKNOWN sends neither port nor address
  std::uint16_t port = 40000;
  std::string address = "127.0.0.1";
};

struct Field {
  std::string name;
  std::string value;  // with its leading space and LF folds
};

struct Message {
  std::string sender = "<alerts@example.com>";
  std::vector<std::string> recipients = {"<root@example.net>"};
  std::vector<Field> fields;
  std::string_view body;  // CRLF lines
};

struct MessageResult {
  Reply reply;                  // the last one
  char last_step = SMFIC_MAIL;  // the SMFIC_* that it answers
  // The DKIM-Signature fields that were inserted, in the order of the replies, as they stand in
  // the message after the colon: with the space that Postfix adds without SMFIP_HDR_LEADSPC.
  std::vector<Field> signatures;
};

class MilterClient {
 public:
  using Milliseconds = std::chrono::milliseconds;
  using Macros = std::map<std::string, std::string, std::less<>>;

  // Connects to "unix:/path", "local:/path", "inet:port@host" or "inet6:port@host", where the host is
  // numeric. `timeout` bounds connecting and every single wait for the milter.
  explicit MilterClient(const std::string& endpoint, Milliseconds timeout = Milliseconds(30000));

  const Agreement& negotiate(const Offer& offer = {});
  const Agreement& agreement() const { return agreement_; }

  // Changes the macros that the MTA knows: at first {daemon_name}, j and v, but no queue ID. Each stage sends
  // the macros of its list, which is the milter's if it set one, and otherwise Postfix's.
  void set_macro(std::string name, std::string value);
  void unset_macro(std::string_view name);
  // Plays an MTA without macros, such as miltertest.
  void send_no_macros() { send_macros_ = false; }

  Reply connect(const SmtpClient& client = {});
  Reply helo(std::string_view name);
  Reply mail(std::string_view sender, const std::vector<std::string>& arguments = {});
  Reply rcpt(std::string_view recipient, const std::vector<std::string>& arguments = {});
  Reply data();
  Reply unknown(std::string_view command);
  // Without SMFIP_HDR_LEADSPC, removes one space at the start of `value`, as Postfix does.
  Reply header(std::string_view name, std::string_view value);
  Reply end_of_header();
  // Sends one packet, whatever its size.
  Reply body_chunk(std::string_view chunk);
  // Sends chunks of 65535 bytes until everything is sent or the milter wants no more.
  Reply body(std::string_view text);
  // Sends the end of the message, with the last chunk of the body in it, as some MTAs do.
  Reply end_of_message(std::string_view last_chunk = {});

  // Takes the steps from mail to end_of_message; stops at the first final verdict.
  MessageResult send_message(const Message& message);

  void abort_message();
  // Sends SMFIC_QUIT_NC: the connection stays open, and the next step is connect.
  void quit_for_new_connection();
  void quit();

  // Reads replies up to a verdict, for a test that has sent a step on its own.
  Reply read_reply();

  // Returns the connection, for tests that break the protocol: flush(), put_raw(), readable_within(),
  // closed_within().
  MilterConnection& connection() { return connection_; }

 private:
  struct Step;

  Reply step(const Step& step, std::string_view payload);
  const std::string& macro_payload(Stage stage);

  MilterConnection connection_;
  Offer offer_;
  Agreement agreement_;
  char skipped_command_ = 0;  // after SMFIR_SKIP, until another step comes
  bool send_macros_ = true;
  Macros macros_;
  // Kept because Postfix sends them again with every single header field.
  std::array<std::optional<std::string>, stage_count> macro_payloads_;
};

}  // namespace dkim::test
