#include "milter/session.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "canon/header_field.hpp"
#include "canon/line_endings.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/signatures/signer.hpp"
#include "milter/body_watch.hpp"
#include "milter/later_changes.hpp"

namespace dkim::milter {
namespace {

// The phases of a message. Each holds what has a meaning in it, and nothing else.
//
//   mail() -> CollectingHeader -> end_of_header() -> SigningBody -> end_of_message()
//
// A header that is too large, or a fault in a step without an answer, leads to one of the other two, which
// wait for the next step that has an answer.

// From MAIL to the end of the header.
struct CollectingHeader {
  std::vector<canon::HeaderField> fields;  // as on the wire
  std::size_t size = 0;                    // in bytes, with colons and line ends
};

// The header has passed a limit. Its fields are freed, since none of them will be signed.
struct HeaderTooLarge {};

// From the end of the header, when it is known as whom to sign, to the end of the message.
struct SigningBody {
  std::vector<canon::HeaderField> fields;
  crypto::SigningIdentity identity;
  crypto::Signer signer;
  BodyWatch watch;
  std::uint64_t size;            // of the message so far, in bytes
  bool partly_inserted = false;  // the MTA has some of the signatures
};

// A step without an answer has failed.
struct Failed {
  ErrorKind kind;
  std::string reason;  // empty if there was no memory for it
};

using Phase = std::variant<CollectingHeader, HeaderTooLarge, SigningBody, Failed>;

Verdict verdict_of(Disposition disposition) {
  switch (disposition) {
    case Disposition::accept:
      return Verdict::accept;
    case Disposition::tempfail:
      return Verdict::tempfail;
    case Disposition::reject:
      return Verdict::reject;
  }
  return Verdict::tempfail;
}

}  // namespace

// People see this in their mail programs.
constexpr const char* foreign_author_text = "This login may not send with this address in From:";

struct Session::Message {
  Message(std::shared_ptr<Setup> setup_at_mail, InFlight::Token message_token, Mta sender)
      : setup(std::move(setup_at_mail)), token(std::move(message_token)), mta(sender) {}

  std::shared_ptr<Setup> setup;  // the one in effect at MAIL
  InFlight::Token token;
  Mta mta;
  std::string queue_id;  // empty until the MTA has one
  // Of an authenticated client, if logins matter; empty if it has no name.
  std::optional<std::string> login;
  Phase phase;
};

Session::Session(Shared& shared, LeadingSpace leading_space)
    : shared_(shared), leading_space_(leading_space) {}

Session::~Session() {
  abort();
  if (counted_) shared_.metrics.connection_closed();
}

void Session::connect(ClientAddress client) {
  client_ = client;
  if (std::exchange(counted_, true)) return;
  shared_.metrics.connection_opened();
}

Verdict Session::mail(std::string_view sender, const MacroLookup& macro) {
  abort();  // a message that the MTA left unfinished
  reply_text_ = nullptr;
  auto setup = shared_.setup();
  const auto queue_id = macro("i");
  if (!is_ours(setup->config, client_, macro)) {
    shared_.log.not_ours(queue_id.value_or(""), client_, sender);
    shared_.metrics.message_not_signed(NotSigned::untrusted_client, Disposition::accept);
    return Verdict::accept;
  }
  auto token = shared_.in_flight.message();
  if (!token) {
    shared_.log.deferred(queue_id.value_or(""));
    shared_.metrics.message_not_signed(NotSigned::stopping, Disposition::tempfail);
    return Verdict::tempfail;
  }
  message_ = std::make_unique<Message>(std::move(setup), *std::move(token), mta_of(macro("v")));
  note_queue_id(macro);
  if (message_->setup->logins.is_used()) message_->login = login_of(macro);
  return Verdict::proceed;
}

void Session::header(std::string_view name, std::string_view value) {
  auto* header = message_ ? std::get_if<CollectingHeader>(&message_->phase) : nullptr;
  if (header == nullptr) return;
  header->size += name.size() + value.size() + 3;
  if (header->size > crypto::header_size_limit || header->fields.size() == crypto::header_field_limit) {
    message_->phase = HeaderTooLarge();
    return;
  }
  std::string wire = leading_space_ == LeadingSpace::eaten ? " " : "";
  wire += canon::to_crlf(value);
  header->fields.push_back({std::string(name), std::move(wire)});
}

Verdict Session::end_of_header(const MacroLookup& macro) {
  if (!message_) return Verdict::proceed;
  note_queue_id(macro);
  if (const auto* failed = std::get_if<Failed>(&message_->phase))
    return give_up(failed->reason, failed->kind);
  if (std::holds_alternative<HeaderTooLarge>(message_->phase))
    return refuse_malformed(NotSigned::header_too_large, crypto::header_too_large);
  auto* header = std::get_if<CollectingHeader>(&message_->phase);
  if (header == nullptr) return Verdict::proceed;  // a second end of the header

  const auto& signing = message_->setup->config.signing;
  auto& logins = message_->setup->logins;
  const auto login = message_->login ? std::optional(logins.find(*message_->login)) : std::nullopt;
  auto identity = crypto::identify(header->fields, signing, message_->setup->keys, login);
  if (const auto* none = std::get_if<crypto::NoIdentity>(&identity)) {
    const auto why = not_signed_because(none->cause);
    if (none->cause == crypto::NoIdentity::Cause::malformed) return refuse_malformed(why, none->reason);
    if (none->cause == crypto::NoIdentity::Cause::foreign_author) return refuse_foreign_author(*none);
    shared_.log.not_signed(message_->queue_id, *none);
    shared_.metrics.message_not_signed(why, Disposition::accept);
    return end_with(Verdict::accept);
  }
  auto as = std::get<crypto::SigningIdentity>(std::move(identity));
  crypto::Signer signer(signing, as);
  SigningBody next{.fields = std::move(header->fields),
                   .identity = std::move(as),
                   .signer = std::move(signer),
                   .watch = BodyWatch(longest_line_of(message_->mta)),
                   .size = header->size};
  message_->phase.emplace<SigningBody>(std::move(next));
  return Verdict::proceed;
}

void Session::body(std::string_view chunk) {
  auto* message = message_ ? std::get_if<SigningBody>(&message_->phase) : nullptr;
  if (message == nullptr) return;
  message->size += chunk.size();
  message->watch.update(chunk);
  message->signer.body(chunk);
}

Verdict Session::end_of_message(const MacroLookup& macro, const InsertField& insert) {
  if (!message_) return Verdict::proceed;
  note_queue_id(macro);
  if (const auto* failed = std::get_if<Failed>(&message_->phase))
    return give_up(failed->reason, failed->kind);
  auto* message = std::get_if<SigningBody>(&message_->phase);
  if (message == nullptr) return refuse_malformed(NotSigned::dialogue, "a body without the end of a header");

  const auto start = std::chrono::steady_clock::now();
  const auto signatures = message->signer.sign(message->fields, crypto::utc_now());
  // Each one goes on top of the one before.
  for (auto field = signatures.rbegin(); field != signatures.rend(); ++field) {
    const std::string value = canon::to_lf(field->value);
    insert(field->name, leading_space_ == LeadingSpace::eaten ? value.substr(1) : value);
    message->partly_inserted = true;
  }
  message->partly_inserted = false;
  const auto time = std::chrono::steady_clock::now() - start;
  shared_.log.message_signed(message_->queue_id, message->identity, message->size,
                             std::chrono::duration_cast<std::chrono::microseconds>(time));
  shared_.metrics.message_signed(message->identity, message->size, time);
  warn_of_later_changes(shared_.log, message_->mta,
                        {.queue_id = message_->queue_id,
                         .fields = message->fields,
                         .policy = message_->setup->config.signing.fields,
                         .body = message->watch});
  return end_with(Verdict::proceed);
}

void Session::abort() {
  if (message_) shared_.metrics.message_aborted();
  message_.reset();
  reply_.reset();
}

Verdict Session::fault(const std::exception& error) noexcept {
  const auto kind = kind_of(error);
  try {
    return give_up(error.what(), kind);
  } catch (const std::exception&) {
    // There is no memory even for the log line. No mail leaves unsigned by accident.
    note_fault(kind, Disposition::tempfail);
    return Verdict::tempfail;
  }
}

// NOLINTNEXTLINE(bugprone-exception-escape): what is emplaced does not throw
void Session::remember_fault(const std::exception& error) noexcept {
  if (!message_ || std::holds_alternative<Failed>(message_->phase)) return;
  auto& failed = message_->phase.emplace<Failed>(Failed{kind_of(error), {}});
  try {
    failed.reason = error.what();
  } catch (const std::exception&) {
    // There is no memory for the reason.
  }
}

// Postfix sends the queue ID when it has one, which may be as late as the end of the message.
void Session::note_queue_id(const MacroLookup& macro) {
  if (const auto id = macro("i"); id && message_->queue_id != *id) message_->queue_id = *id;
}

Verdict Session::refuse_malformed(NotSigned why, std::string_view reason) {
  const auto disposition = message_->setup->config.on_malformed;
  shared_.log.malformed(message_->queue_id, reason, disposition);
  shared_.metrics.message_not_signed(why, disposition);
  return end_with(verdict_of(disposition));
}

Verdict Session::refuse_foreign_author(const crypto::NoIdentity& none) {
  const auto disposition = message_->setup->config.on_foreign_author;
  if (disposition != Disposition::accept) reply_text_ = foreign_author_text;
  shared_.log.foreign_author(message_->queue_id, none, disposition);
  shared_.metrics.message_not_signed(not_signed_because(none.cause), disposition);
  return end_with(verdict_of(disposition));
}

Verdict Session::give_up(std::string_view what, ErrorKind kind) {
  auto disposition = (message_ ? message_->setup : shared_.setup())->config.on_error;
  const auto* message = message_ ? std::get_if<SigningBody>(&message_->phase) : nullptr;
  // Some signatures are on the message, and the topmost, the author's, is not.
  if (message != nullptr && message->partly_inserted && disposition == Disposition::accept)
    disposition = Disposition::tempfail;
  const std::string_view id = message_ ? std::string_view(message_->queue_id) : "";
  if (kind == ErrorKind::lease) {
    shared_.log.no_lease(id, what, disposition);
  } else {
    shared_.log.fault(id, what, disposition);
  }
  note_fault(kind, disposition);
  return end_with(verdict_of(disposition));
}

void Session::note_fault(ErrorKind kind, Disposition disposition) const noexcept {
  shared_.metrics.error(kind);
  shared_.metrics.message_not_signed(NotSigned::error, disposition);
}

Verdict Session::end_with(Verdict verdict) {
  reply_.emplace(shared_.in_flight.reply());
  message_.reset();
  return verdict;
}

}  // namespace dkim::milter
