#include "milter/session.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "canon/line_endings.hpp"

namespace dkim::milter {
namespace {

Verdict verdict_of(Disposition disposition) {
  switch (disposition) {
    case Disposition::accept:
      return Verdict::accept;
    case Disposition::tempfail:
      return Verdict::tempfail;
    default:
      return Verdict::reject;
  }
}

// The first field with a line over the limit.
const canon::HeaderField* field_with_long_line(const std::vector<canon::HeaderField>& fields) {
  for (const auto& field : fields) {
    if (field.name.size() + 1 + field.value.size() <= longest_line) continue;
    std::string_view rest = field.value;
    std::size_t before = field.name.size() + 1;
    while (true) {
      const std::size_t end = std::min(rest.find("\r\n"), rest.size());
      if (before + end > longest_line) return &field;
      if (end == rest.size()) break;
      rest.remove_prefix(end + 2);
      before = 0;
    }
  }
  return nullptr;
}

}  // namespace

Verdict Session::mail(std::string_view sender, const MacroLookup& macro) {
  abort();  // whatever an MTA left unfinished
  auto setup = shared_.setup();
  const auto queue_id = macro("i");
  if (!is_ours(setup->config, client_, macro)) {
    shared_.log.not_ours(queue_id.value_or(""), client_, sender);
    shared_.metrics.message_not_signed(NotSigned::untrusted_client, Disposition::accept);
    return Verdict::accept;
  }
  auto token = shared_.in_flight.message();
  if (!token) {
    shared_.log.put_off(queue_id.value_or(""));
    shared_.metrics.message_not_signed(NotSigned::stopping, Disposition::tempfail);
    return Verdict::tempfail;
  }
  message_ = std::make_unique<Message>(std::move(setup), *std::move(token));
  note_queue_id(macro);
  return Verdict::proceed;
}

void Session::header(std::string_view name, std::string_view value) {
  if (!message_ || message_->header_too_large) return;
  message_->header_size += name.size() + value.size() + 3;
  if (message_->header_size > crypto::header_size_limit ||
      message_->fields.size() == crypto::header_field_limit) {
    // Nothing of it will be signed: give the memory back, remember why.
    message_->header_too_large = true;
    std::vector<canon::HeaderField>().swap(message_->fields);
    return;
  }
  std::string wire = leading_space_ == LeadingSpace::eaten ? " " : "";
  wire += canon::to_crlf(value);
  message_->fields.push_back({std::string(name), std::move(wire)});
}

Verdict Session::end_of_header(const MacroLookup& macro) {
  if (!message_) return Verdict::proceed;
  note_queue_id(macro);
  if (message_->failed) return give_up(message_->fault, message_->fault_kind);
  if (message_->header_too_large)
    return refuse_malformed(NotSigned::header_too_large, crypto::header_too_large);

  auto identity =
      crypto::identify(message_->fields, message_->setup->config.signing.rules, message_->setup->keys);
  if (const auto* none = std::get_if<crypto::NoIdentity>(&identity)) {
    const auto why = not_signed_because(none->cause);
    if (none->cause == crypto::NoIdentity::Cause::malformed) return refuse_malformed(why, none->reason);
    shared_.log.not_signed(message_->queue_id, *none);
    shared_.metrics.message_not_signed(why, Disposition::accept);
    return end_with(Verdict::accept);
  }
  message_->identity = std::get<crypto::SigningIdentity>(std::move(identity));
  message_->signer.emplace(message_->setup->config.signing, message_->identity->domain,
                           message_->identity->keys);
  return Verdict::proceed;
}

void Session::body(std::string_view chunk) {
  if (!message_ || !message_->signer || message_->failed) return;
  message_->body_size += chunk.size();
  message_->watch.update(chunk);
  message_->signer->body(chunk);
}

Verdict Session::end_of_message(const MacroLookup& macro, const InsertField& insert) {
  if (!message_) return Verdict::proceed;
  note_queue_id(macro);
  if (message_->failed) return give_up(message_->fault, message_->fault_kind);
  // A message of which we were never shown the end of the header.
  if (!message_->signer) return refuse_malformed(NotSigned::dialogue, "a body without the end of a header");

  const auto start = std::chrono::steady_clock::now();
  const auto signatures = message_->signer->sign(message_->fields, crypto::utc_now());
  // Each goes on top of the one before.
  for (auto field = signatures.rbegin(); field != signatures.rend(); ++field) {
    const std::string value = canon::to_lf(field->value);
    insert(field->name, leading_space_ == LeadingSpace::eaten ? value.substr(1) : value);
  }
  const auto time = std::chrono::steady_clock::now() - start;
  const auto size = message_->header_size + message_->body_size;
  shared_.log.message_signed(message_->queue_id, *message_->identity, size,
                             std::chrono::duration_cast<std::chrono::microseconds>(time));
  shared_.metrics.message_signed(message_->identity->keys, size, time);
  warn_of_what_follows();
  return end_with(Verdict::proceed);
}

void Session::connect(ClientAddress client) {
  client_ = client;
  if (std::exchange(counted_, true)) return;
  shared_.metrics.connection_opened();
}

Session::~Session() {
  abort();
  if (counted_) shared_.metrics.connection_closed();
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
    // Not even the memory to say so. Nothing leaves unsigned by accident.
    note_fault(kind, Disposition::tempfail);
    return Verdict::tempfail;
  }
}

void Session::remember_fault(const std::exception& error) noexcept {
  if (!message_ || message_->failed) return;
  message_->failed = true;
  message_->fault_kind = kind_of(error);
  try {
    message_->fault = error.what();
  } catch (const std::exception&) {
    // Failed, and no memory for the reason.
  }
}

Verdict Session::end_with(Verdict verdict) {
  reply_.emplace(shared_.in_flight.reply());
  message_.reset();
  return verdict;
}

Verdict Session::give_up(std::string_view what, ErrorKind kind) {
  const auto disposition = (message_ ? message_->setup : shared_.setup())->config.on_error;
  shared_.log.fault(message_ ? message_->queue_id : "", what, disposition);
  note_fault(kind, disposition);
  return end_with(verdict_of(disposition));
}

void Session::note_fault(ErrorKind kind, Disposition disposition) const noexcept {
  shared_.metrics.error(kind);
  shared_.metrics.message_not_signed(NotSigned::error, disposition);
}

Verdict Session::refuse_malformed(NotSigned why, std::string_view reason) {
  const auto disposition = message_->setup->config.on_malformed;
  shared_.log.malformed(message_->queue_id, reason, disposition);
  shared_.metrics.message_not_signed(why, disposition);
  return end_with(verdict_of(disposition));
}

// Postfix gives a queue ID when it has one, which may be as late as the message's end.
void Session::note_queue_id(const MacroLookup& macro) {
  if (const auto id = macro("i"); id && message_->queue_id != *id) message_->queue_id = *id;
}

// What Postfix does to the message after this may break the signature without a word of its own.
void Session::warn_of_what_follows() const {
  if (const auto* field = field_with_long_line(message_->fields)) {
    shared_.log.long_line(message_->queue_id, "a line of header field " + field->name);
  }
  if (const auto line = message_->watch.long_line()) {
    shared_.log.long_line(message_->queue_id, "body line " + std::to_string(*line));
  }
  if (const auto line = message_->watch.eight_bit_line()) shared_.log.eight_bit(message_->queue_id, *line);
}

}  // namespace dkim::milter
