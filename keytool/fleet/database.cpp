#include "keytool/fleet/database.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "canon/printable.hpp"
#include "keytool/fleet/connecting.hpp"
#include "keytool/fleet/database_error.hpp"

namespace dkim::keytool::fleet {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = DatabaseError::Kind;

// The server's own limit comes first, unless nothing comes from there at all.
constexpr std::chrono::seconds beyond_statement_limit(5);
constexpr std::chrono::seconds first_limit(15);

// By a statement and not by the option "options", which poolers refuse. 0 means that neither the connection
// nor the role nor the database has a limit. Our statements name their schema; nothing else is to be found by
// chance. Returns the statement's limit in milliseconds.
constexpr const char* set_limits = R"(
SELECT pg_catalog.set_config('search_path', 'pg_catalog', false),
       (max(milliseconds) FILTER (WHERE name = 'statement_timeout'))::bigint
FROM (SELECT name,
             extract(epoch FROM (CASE WHEN pg_catalog.current_setting(name) = '0'
                                      THEN pg_catalog.set_config(name, ours, false)
                                      ELSE pg_catalog.current_setting(name) END)::interval) * 1000 AS milliseconds
      FROM (VALUES ('statement_timeout', '20s'), ('lock_timeout', '10s'),
                   ('idle_in_transaction_session_timeout', '5min')) AS limits (name, ours)) AS set_now)";

const PGresult* result_of(const std::shared_ptr<const void>& result) {
  return static_cast<const PGresult*>(result.get());
}

int left_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

Parameter::Parameter(std::string text) : value_(std::move(text)) {}
Parameter::Parameter(std::string_view text) : value_(text) {}
Parameter::Parameter(const char* text) : value_(text) {}
Parameter::Parameter(std::int64_t number) : value_(std::to_string(number)) {}
Parameter::Parameter(int number) : value_(std::to_string(number)) {}
Parameter::Parameter(const Bytes& bytes)
    : value_(std::string(bytes.begin(), bytes.end())), is_binary_(true) {}
Parameter::Parameter(std::nullopt_t /*null*/) {}

int Rows::size() const {
  return PQntuples(result_of(result_));
}

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_of(result_), row, column) != 0;
}

std::string Rows::text(int row, int column) const {
  return {PQgetvalue(result_of(result_), row, column),
          static_cast<std::size_t>(PQgetlength(result_of(result_), row, column))};
}

std::int64_t Rows::number(int row, int column) const {
  const auto value = text(row, column);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw DatabaseError(Kind::refused, fmt::format("the fleet's database has \"{}\" in place of a number",
                                                   canon::printable(value, 64)));
  }
  return number;
}

Bytes Rows::bytes(int row, int column) const {
  const auto value = text(row, column);
  std::size_t size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      PQunescapeBytea(reinterpret_cast<const unsigned char*>(value.c_str()), &size), PQfreemem);
  if (!bytes) throw std::bad_alloc();
  return {bytes.get(), bytes.get() + size};
}

int Rows::affected() const {
  const std::string value = PQcmdTuples(const_cast<PGresult*>(result_of(result_)));
  int number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

class Database::Impl {
 public:
  explicit Impl(const FleetSettings& settings) : connection_(connect(settings)) {
    send(PQsendQuery(connection(), set_limits));
    const auto limits = receive();
    const std::string milliseconds = PQgetvalue(limits.get(), 0, 1);
    std::chrono::milliseconds::rep count = 0;
    std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), count);
    limit_ = std::chrono::milliseconds(count) + beyond_statement_limit;
  }

  bool is_open() const { return connection_ != nullptr; }
  void close() { connection_.reset(); }
  char* quoted(const std::string& name) const {
    return PQescapeIdentifier(connection(), name.c_str(), name.size());
  }

  Result run(const std::string& statement, const std::vector<Parameter>& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const auto& parameter : parameters) {
      values.push_back(parameter.value() ? parameter.value()->c_str() : nullptr);
      lengths.push_back(parameter.value() ? static_cast<int>(parameter.value()->size()) : 0);
      formats.push_back(parameter.is_binary() ? 1 : 0);
    }
    send(PQsendQueryParams(connection(), statement.c_str(), static_cast<int>(values.size()), nullptr,
                           values.data(), lengths.data(), formats.data(), 0));
    return receive();
  }

  Result run_script(const std::string& statements) {
    send(PQsendQuery(connection(), statements.c_str()));
    return receive();
  }

  bool wait(std::chrono::milliseconds most, int wake_descriptor) {
    const auto deadline = Clock::now() + most;
    while (true) {
      if (PQconsumeInput(connection()) == 0) lose();
      if (take_notifications()) return true;
      std::array<pollfd, 2> polled{pollfd{PQsocket(connection()), POLLIN, 0},
                                   pollfd{wake_descriptor, POLLIN, 0}};
      const int ready = poll_until(polled.data(), polled.size(), deadline);
      if (ready == 0 || polled[1].revents != 0) return false;
    }
  }

 private:
  PGconn* connection() const {
    if (!connection_)
      throw DatabaseError(Kind::unreachable, "the connection to the fleet's database was lost");
    return connection_.get();
  }

  [[noreturn]] void lose() {
    const auto text = connection_text(connection());
    connection_.reset();
    throw DatabaseError(Kind::unreachable,
                        fmt::format("the connection to the fleet's database was lost: {}", text));
  }

  void send(int sent) {
    if (sent == 0) lose();
  }

  bool take_notifications() {
    bool some = false;
    while (PGnotify* const notification = PQnotifies(connection())) {
      PQfreemem(notification);
      some = true;
    }
    return some;
  }

  // Returns 0 when the time is over.
  static int poll_until(pollfd* polled, nfds_t count, Clock::time_point deadline) {
    while (true) {
      const int ready = poll(polled, count, left_until(deadline));
      if (ready >= 0) return ready;
      if (errno != EINTR)
        throw DatabaseError(Kind::unreachable, fmt::format("cannot wait: {}", std::strerror(errno)));
    }
  }

  // Waits until the socket can be read, or written if it has to be. Closes the connection when the time is
  // over: an answer that comes late would be taken for that of the next statement.
  void await_socket(bool to_write, Clock::time_point deadline) {
    const auto events = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
    pollfd polled{PQsocket(connection()), events, 0};
    if (poll_until(&polled, 1, deadline) > 0) return;
    connection_.reset();
    throw DatabaseError(Kind::unreachable, "the fleet's database does not answer");
  }

  // Returns the last result; the first failure wins.
  Result receive() {
    const auto deadline = Clock::now() + limit_;
    while (true) {
      const int flushed = PQflush(connection());
      if (flushed < 0) lose();
      if (flushed == 0) break;
      await_socket(true, deadline);
      if (PQconsumeInput(connection()) == 0) lose();
    }
    Result last;
    while (true) {
      while (PQisBusy(connection()) != 0) {
        await_socket(false, deadline);
        if (PQconsumeInput(connection()) == 0) lose();
      }
      Result next(PQgetResult(connection()));
      if (!next) break;
      const auto kind = PQresultStatus(next.get());
      // We never copy: a server that says so would be asked for results without an end.
      if (kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT || kind == PGRES_COPY_BOTH) lose();
      const auto status = PQresultStatus(last.get());
      const bool failed = last && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
      if (!failed) last = std::move(next);
    }
    return judged(std::move(last));
  }

  Result judged(Result result) {
    if (!result) lose();
    const auto status = PQresultStatus(result.get());
    const bool is_over = PQstatus(connection()) != CONNECTION_OK;
    if (is_over) connection_.reset();
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    // However the session ended, another one may do better.
    if (is_over) throw DatabaseError(Kind::unreachable, statement_error(result.get()).what());
    throw statement_error(result.get());
  }

  Connection connection_;
  std::chrono::milliseconds limit_ = first_limit;
};

Database::Database(const FleetSettings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

bool Database::is_open() const {
  return impl_->is_open();
}

Rows Database::run(const std::string& statement, const std::vector<Parameter>& parameters) {
  const std::shared_ptr<PGresult> result(impl_->run(statement, parameters).release(), ClearResult());
  return Rows(result);
}

void Database::run_script(const std::string& statements) {
  impl_->run_script(statements);
}

void Database::begin() {
  run("BEGIN ISOLATION LEVEL READ COMMITTED");
}

void Database::begin_snapshot() {
  run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

void Database::commit() {
  if (!is_open()) throw DatabaseError(Kind::unreachable, "the connection to the fleet's database was lost");
  Result result;
  try {
    result = impl_->run("COMMIT", {});
  } catch (const DatabaseError& error) {
    // The server may have ended the session after the commit: by a shutdown while it waited for a standby.
    if (!is_open()) throw DatabaseError(Kind::unknown, error.what());
    throw;
  }
  // What PostgreSQL answers for a transaction in which a statement failed.
  if (std::string_view(PQcmdStatus(result.get())) == "ROLLBACK")
    throw DatabaseError(Kind::refused, "the fleet's database: the transaction was rolled back");
}

void Database::rollback() noexcept {
  try {
    if (is_open()) impl_->run("ROLLBACK", {});
  } catch (const std::exception&) {  // the server rolls back when the connection ends
    impl_->close();
  }
}

void Database::listen(const std::string& channel) {
  const std::unique_ptr<char, void (*)(void*)> name(impl_->quoted(channel), PQfreemem);
  run(fmt::format("LISTEN {}", name.get()));
}

bool Database::wait(std::chrono::milliseconds most, int wake_descriptor) {
  return impl_->wait(most, wake_descriptor);
}

}  // namespace dkim::keytool::fleet
