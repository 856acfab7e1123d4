#include "milter/callbacks.hpp"

#include <libmilter/mfapi.h>

#include <array>
#include <mutex>
#include <unordered_map>

#include "crypto/error.hpp"
#include "milter/libmilter/packet_buffer.hpp"
#include "milter/mta_error.hpp"

// libmilter's own: may the message be edited now, which is at its end only? smfi_insheader() asks it as well.
// Null where a libmilter keeps it to itself.
extern "C" [[gnu::weak]] bool mi_sendok(SMFICTX* context, int flag);

// Of milter/libmilter/served_connection, which is left out where a libmilter has to be used as it is.
extern "C" [[gnu::weak]] void dkim_libmilter_lacks_memory() noexcept;
extern "C" [[gnu::weak]] void dkim_connection_is_refused() noexcept;

namespace dkim::milter {
namespace {

// libmilter's callbacks carry no user data beyond the connection's; set once by register_milter.
Shared* shared_by_all = nullptr;

// A connection: its session, and which steps the MTA wants no reply to.
struct Connection {
  Connection(Shared& shared, unsigned long negotiated_steps)
      : session(shared, (negotiated_steps & SMFIP_HDR_LEADSPC) != 0 ? Session::LeadingSpace::kept
                                                                    : Session::LeadingSpace::eaten),
        steps(negotiated_steps) {}

  sfsistat silent(unsigned long step) const { return (steps & step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE; }

  Session session;
  unsigned long steps;
};

// What was negotiated on connections whose session has ended. An MTA may end a session, by SMFIC_QUIT_NC, and
// begin the next one on the same connection: there is no second negotiation then, and libmilter says "closed"
// in either case. The entry of a connection that is really gone is taken over by the next one at its address,
// so that there are never more than there were connections at once. Thread-safe.
class EndedSessions {
 public:
  void remember(SMFICTX* context, unsigned long steps) noexcept {
    try {
      const std::lock_guard lock(mutex_);
      steps_.insert_or_assign(context, steps);
    } catch (const std::exception&) {
      // No memory: a next session finds nothing, and is put off with a line in the log.
    }
  }

  std::optional<unsigned long> take(SMFICTX* context) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = steps_.find(context);
    if (found == steps_.end()) return std::nullopt;
    const unsigned long steps = found->second;
    steps_.erase(found);
    return steps;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<SMFICTX*, unsigned long> steps_;
};

EndedSessions ended_sessions;

// What we can do without or take in silence; each counts only where the MTA offers it.
constexpr unsigned long wanted_steps = SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOUNKNOWN |
                                       SMFIP_HDR_LEADSPC | SMFIP_NR_CONN | SMFIP_NR_HDR | SMFIP_NR_BODY;

// The end of a message may carry the last of its body. libmilter then calls body() first, and answers the
// message's end only if body() says "continue", whatever was negotiated. Where it cannot be told that this is
// the end, every chunk has to be answered.
unsigned long steps_we_can_take() {
  return mi_sendok != nullptr ? wanted_steps : wanted_steps & ~static_cast<unsigned long>(SMFIP_NR_BODY);
}

bool at_end_of_message(SMFICTX* context) {
  return mi_sendok != nullptr && mi_sendok(context, 0);
}

sfsistat status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proceed:
      return SMFIS_CONTINUE;
    case Verdict::accept:
      return SMFIS_ACCEPT;
    case Verdict::tempfail:
      return SMFIS_TEMPFAIL;
    default:
      return SMFIS_REJECT;
  }
}

// A step on a connection that has negotiated nothing, or for whose session there was no memory.
sfsistat without_session() noexcept {
  try {
    shared_by_all->log.no_session();
  } catch (const std::exception&) {
    // Not even the memory to say so.
  }
  shared_by_all->metrics.error(ErrorKind::mta);
  return SMFIS_TEMPFAIL;
}

// The guard: no exception passes into libmilter. A step that is answered gives its verdict itself.
template <typename Step>
sfsistat answered(SMFICTX* context, Step step) noexcept {
  auto* connection = static_cast<Connection*>(smfi_getpriv(context));
  if (connection == nullptr) return without_session();
  try {
    return status_of(step(connection->session));
  } catch (const std::exception& error) {
    return status_of(connection->session.fault(error));
  }
}

// The same for a step whose fault has to wait for the next one that is answered.
template <typename Step>
sfsistat unanswered(SMFICTX* context, unsigned long no_reply_step, Step step) noexcept {
  auto* connection = static_cast<Connection*>(smfi_getpriv(context));
  if (connection == nullptr) return SMFIS_TEMPFAIL;  // so will the next, which logs it
  try {
    step(connection->session);
  } catch (const std::exception& error) {
    connection->session.remember_fault(error);
  }
  return connection->silent(no_reply_step);
}

MacroLookup macros_of(SMFICTX* context) {
  return [context](const char* name) -> std::optional<std::string_view> {
    const char* value = smfi_getsymval(context, const_cast<char*>(name));
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

void ask_for_macros(SMFICTX* context, const Config& config) {
  std::string marks;
  for (const auto& macro : config.macros)
    marks += " " + macro.name;
  const std::array<std::pair<int, std::string>, 4> wanted = {{
      {SMFIM_CONNECT, marks.empty() ? "" : marks.substr(1)},
      {SMFIM_ENVFROM, "i {auth_type}" + marks},
      {SMFIM_EOH, "i"},
      {SMFIM_EOM, "i"},
  }};
  for (const auto& [stage, names] : wanted) {
    // A copy, since libmilter does not promise to leave it alone.
    std::string copy = names;
    if (!copy.empty() && smfi_setsymlist(context, stage, copy.data()) != MI_SUCCESS) throw std::bad_alloc();
  }
}

// Replaces the one that an MTA has left, if any. Throws std::bad_alloc.
void begin_session(SMFICTX* context, unsigned long steps) {
  auto connection = std::make_unique<Connection>(*shared_by_all, steps);
  const std::unique_ptr<Connection> previous(static_cast<Connection*>(smfi_getpriv(context)));
  smfi_setpriv(context, connection.release());  // libmilter's until close
}

sfsistat negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                   unsigned long* wanted_actions, unsigned long* wanted, unsigned long* reserved_2,
                   unsigned long* reserved_3) noexcept {
  *reserved_2 = 0;
  *reserved_3 = 0;
  try {
    if ((actions & SMFIF_ADDHDRS) == 0) {
      shared_by_all->log.cannot_insert();
      shared_by_all->metrics.error(ErrorKind::mta);
      if (dkim_connection_is_refused != nullptr) dkim_connection_is_refused();
      return SMFIS_REJECT;
    }
    *wanted_actions = SMFIF_ADDHDRS | (actions & SMFIF_SETSYMLIST);
    *wanted = steps & steps_we_can_take();
    if ((actions & SMFIF_SETSYMLIST) != 0) ask_for_macros(context, shared_by_all->setup()->config);
    ended_sessions.take(context);  // of another connection, if any
    begin_session(context, *wanted);
    return SMFIS_CONTINUE;
  } catch (const std::exception&) {
    // There is nothing else that it can be.
    if (dkim_libmilter_lacks_memory != nullptr) {
      dkim_libmilter_lacks_memory();
    } else {
      without_session();
    }
    return SMFIS_REJECT;
  }
}

// What was negotiated is told here: who only negotiates is a probe, the daemon's own among them.
sfsistat connect(SMFICTX* context, char*, _SOCK_ADDR* address) noexcept {
  if (smfi_getpriv(context) == nullptr) {
    try {
      if (const auto steps = ended_sessions.take(context)) begin_session(context, *steps);
    } catch (const std::exception&) {
      // No memory; the step below says so.
    }
  }
  return unanswered(context, SMFIP_NR_CONN, [&](Session& session) {
    session.connect(ClientAddress::from_socket(reinterpret_cast<const sockaddr*>(address)));
    const auto steps = static_cast<const Connection*>(smfi_getpriv(context))->steps;
    shared_by_all->log.negotiated((steps & SMFIP_HDR_LEADSPC) != 0, (steps & SMFIP_NR_HDR) != 0);
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

sfsistat end_of_header(SMFICTX* context) noexcept {
  return answered(context, [&](Session& session) { return session.end_of_header(macros_of(context)); });
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
  if (auto* connection = static_cast<Connection*>(smfi_getpriv(context))) connection->session.abort();
  return SMFIS_CONTINUE;
}

sfsistat close_connection(SMFICTX* context) noexcept {
  const std::unique_ptr<Connection> connection(static_cast<Connection*>(smfi_getpriv(context)));
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
    throw crypto::Error("libmilter does not take the socket " + socket);
  smfi_setmaxdatasize(largest_packet);
  // Postfix opens a connection an SMTP session; a queue flush opens many at once.
  smfi_setbacklog(1024);
}

void open_milter_socket() {
  constexpr bool remove_existing = false;  // milter/listen_socket has looked at it
  if (smfi_opensocket(remove_existing) != MI_SUCCESS) {
    throw crypto::Error("cannot listen on the socket; the log line before this one says why");
  }
}

bool run_milter() {
  return smfi_main() == MI_SUCCESS;
}

}  // namespace dkim::milter
