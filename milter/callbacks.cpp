#include "milter/callbacks.hpp"

#include <fmt/format.h>
#include <libmilter/mfapi.h>

#include <array>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/error.hpp"
#include "milter/libmilter/packet_buffer.hpp"
#include "milter/mta_error.hpp"
#include "milter/negotiation.hpp"
#include "milter/session.hpp"

// Both are in milter/libmilter/served_connection, which is left out where libmilter has to be used as it is.
extern "C" [[gnu::weak]] void dkim_libmilter_lacks_memory() noexcept;
extern "C" [[gnu::weak]] void dkim_connection_is_refused() noexcept;

namespace dkim::milter {
namespace {

// Asks the MTA for the macros that the daemon looks at, and for no others. The login is among them even if
// the setting "logins" is not: a reload may set it while this connection lasts. Throws std::bad_alloc.
void ask_for_macros(smfi_str* context, const Config& config) {
  std::string marks;
  for (const auto& macro : config.macros)
    marks += " " + macro.name;
  const std::array<std::pair<int, std::string>, 4> wanted = {{
      {SMFIM_CONNECT, "v" + marks},
      {SMFIM_ENVFROM, "i {auth_type} {auth_authen}" + marks},
      {SMFIM_EOH, "i"},
      {SMFIM_EOM, "i"},
  }};
  for (const auto& [stage, names] : wanted) {
    // A copy, since libmilter does not promise to leave it alone.
    std::string copy = names;
    if (!copy.empty() && smfi_setsymlist(context, stage, copy.data()) != MI_SUCCESS) throw std::bad_alloc();
  }
}

// Set once, by register_milter: libmilter's callbacks carry no data of ours except the connection's.
Shared* shared_by_all = nullptr;

EndedSessions ended_sessions;

// What libmilter keeps for us with each connection.
struct Connection {
  explicit Connection(AgreedSteps agreed)
      : steps(agreed),
        session(*shared_by_all,
                agreed.keep_leading_space() ? Session::LeadingSpace::kept : Session::LeadingSpace::eaten) {}

  AgreedSteps steps;
  Session session;
};

Connection* connection_of(SMFICTX* context) {
  return static_cast<Connection*>(smfi_getpriv(context));
}

// Replaces the session that an MTA has left unfinished, if there is one. Throws std::bad_alloc.
void begin_session(SMFICTX* context, AgreedSteps steps) {
  auto connection = std::make_unique<Connection>(steps);
  const std::unique_ptr<Connection> previous(connection_of(context));
  smfi_setpriv(context, connection.release());  // libmilter keeps it until close_connection()
}

sfsistat status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proceed:
      return SMFIS_CONTINUE;
    case Verdict::accept:
      return SMFIS_ACCEPT;
    case Verdict::tempfail:
      return SMFIS_TEMPFAIL;
    case Verdict::reject:
      return SMFIS_REJECT;
  }
  return SMFIS_TEMPFAIL;
}

// The answer on a connection that has negotiated nothing, or for whose session there was no memory.
sfsistat without_session() noexcept {
  try {
    shared_by_all->log.no_session();
  } catch (const std::exception&) {
    // There is no memory even for the log line.
  }
  shared_by_all->metrics.error(ErrorKind::mta);
  return SMFIS_TEMPFAIL;
}

// The guard around a step that has an answer: no exception passes into libmilter.
template <typename Step>
sfsistat answered(SMFICTX* context, Step step) noexcept {
  auto* connection = connection_of(context);
  if (connection == nullptr) return without_session();
  try {
    return status_of(step(connection->session));
  } catch (const std::exception& error) {
    return status_of(connection->session.fault(error));
  }
}

// The guard around a step without an answer: a fault in it waits for the next step that has one.
template <typename Step>
sfsistat unanswered(SMFICTX* context, unsigned long no_reply_step, Step step) noexcept {
  auto* connection = connection_of(context);
  if (connection == nullptr) return SMFIS_TEMPFAIL;  // the next step with an answer logs it
  try {
    step(connection->session);
  } catch (const std::exception& error) {
    connection->session.remember_fault(error);
  }
  return connection->steps.need_no_answer_to(no_reply_step) ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

MacroLookup macros_of(SMFICTX* context) {
  return [context](const char* name) -> std::optional<std::string_view> {
    const char* value = smfi_getsymval(context, const_cast<char*>(name));
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

sfsistat refuse_connection() {
  shared_by_all->log.cannot_insert();
  shared_by_all->metrics.error(ErrorKind::mta);
  if (dkim_connection_is_refused != nullptr) dkim_connection_is_refused();
  return SMFIS_REJECT;
}

sfsistat negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                   unsigned long* wanted_actions, unsigned long* wanted_steps, unsigned long* reserved_2,
                   unsigned long* reserved_3) noexcept {
  *reserved_2 = 0;
  *reserved_3 = 0;
  try {
    if ((actions & SMFIF_ADDHDRS) == 0) return refuse_connection();
    const auto agreed = choose_steps(steps);
    *wanted_actions = SMFIF_ADDHDRS | (actions & SMFIF_SETSYMLIST);
    *wanted_steps = agreed.bits;
    if ((actions & SMFIF_SETSYMLIST) != 0) ask_for_macros(context, shared_by_all->setup()->config);
    ended_sessions.take(context);  // left by an earlier connection, if at all
    begin_session(context, agreed);
    return SMFIS_CONTINUE;
  } catch (const std::exception&) {
    // Only a lack of memory can bring us here.
    if (dkim_libmilter_lacks_memory != nullptr) {
      dkim_libmilter_lacks_memory();
    } else {
      without_session();
    }
    return SMFIS_REJECT;
  }
}

// The result of the negotiation is logged here, and not for a peer that only negotiates: that is a probe, the
// daemon's own or another.
sfsistat connect(SMFICTX* context, char*, _SOCK_ADDR* address) noexcept {
  if (connection_of(context) == nullptr) {
    try {
      if (const auto steps = ended_sessions.take(context)) begin_session(context, *steps);
    } catch (const std::exception&) {
      // There is no memory for a session; the next step with an answer says so.
    }
  }
  return unanswered(context, SMFIP_NR_CONN, [&](Session& session) {
    session.connect(ClientAddress::from_socket(reinterpret_cast<const sockaddr*>(address)));
    const auto steps = connection_of(context)->steps;
    shared_by_all->log.negotiated({.leading_space_is_kept = steps.keep_leading_space(),
                                   .no_reply_steps_are_used = steps.need_no_answer_to_fields()});
  });
}

sfsistat mail(SMFICTX* context, char** arguments) noexcept {
  return answered(context, [&](Session& session) {
    return session.mail(arguments != nullptr && arguments[0] != nullptr ? arguments[0] : "",
                        macros_of(context));
  });
}

sfsistat header(SMFICTX* context, char* name, char* value) noexcept {
  return unanswered(context, SMFIP_NR_HDR, [&](Session& session) { session.header(name, value); });
}

// If libmilter has no memory for the text, the MTA uses its own words.
void set_reply(SMFICTX* context, Verdict verdict, const char* text) {
  const bool for_now = verdict == Verdict::tempfail;
  std::string code = for_now ? "451" : "550";
  std::string status = for_now ? "4.7.1" : "5.7.1";
  std::string copy = text;
  smfi_setreply(context, code.data(), status.data(), copy.data());
}

sfsistat end_of_header(SMFICTX* context) noexcept {
  return answered(context, [&](Session& session) {
    const auto verdict = session.end_of_header(macros_of(context));
    if (const auto* text = session.reply_text()) set_reply(context, verdict, text);
    return verdict;
  });
}

sfsistat body(SMFICTX* context, unsigned char* chunk, std::size_t size) noexcept {
  const sfsistat status = unanswered(context, SMFIP_NR_BODY, [&](Session& session) {
    session.body(std::string_view(reinterpret_cast<const char*>(chunk), size));
  });
  return status == SMFIS_NOREPLY && at_end_of_message(context) ? SMFIS_CONTINUE : status;
}

void insert_on_top(SMFICTX* context, const std::string& name, const std::string& value) {
  std::string name_copy = name;
  std::string value_copy = value;
  if (smfi_insheader(context, 0, name_copy.data(), value_copy.data()) != MI_SUCCESS) {
    throw MtaError("the MTA did not take the signature");
  }
}

sfsistat end_of_message(SMFICTX* context) noexcept {
  return answered(context, [&](Session& session) {
    return session.end_of_message(macros_of(context), [&](const std::string& name, const std::string& value) {
      insert_on_top(context, name, value);
    });
  });
}

sfsistat abort_message(SMFICTX* context) noexcept {
  if (auto* connection = connection_of(context)) connection->session.abort();
  return SMFIS_CONTINUE;
}

sfsistat close_connection(SMFICTX* context) noexcept {
  const std::unique_ptr<Connection> connection(connection_of(context));
  if (connection) ended_sessions.remember(context, connection->steps);
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

}  // namespace

void register_milter(Shared& shared, const std::string& socket) {
  shared_by_all = &shared;
  static std::string name = "dkimsignd";
  smfiDesc description{};
  description.xxfi_name = name.data();
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = SMFIF_ADDHDRS;
  description.xxfi_connect = connect;
  description.xxfi_envfrom = mail;
  description.xxfi_header = header;
  description.xxfi_eoh = end_of_header;
  description.xxfi_body = body;
  description.xxfi_eom = end_of_message;
  description.xxfi_abort = abort_message;
  description.xxfi_close = close_connection;
  description.xxfi_negotiate = negotiate;
  if (smfi_register(description) != MI_SUCCESS)
    throw crypto::Error("libmilter does not take our registration");
  std::string copy = socket;
  if (smfi_setconn(copy.data()) != MI_SUCCESS)
    throw crypto::Error(fmt::format("libmilter does not take the socket {}", socket));
  smfi_setmaxdatasize(largest_packet);
  // Postfix opens a connection for each SMTP session; a queue flush opens many at once.
  smfi_setbacklog(1024);
}

void open_milter_socket() {
  constexpr bool remove_existing = false;  // milter/listen_socket has dealt with it
  if (smfi_opensocket(remove_existing) != MI_SUCCESS) {
    throw crypto::Error("cannot listen on the socket; the log line before this one says why");
  }
}

MilterEnd run_milter() {
  return smfi_main() == MI_SUCCESS ? MilterEnd::by_signal : MilterEnd::failure;
}

}  // namespace dkim::milter
