// One connection to PostgreSQL by libpq: statements with parameters, transactions, notifications. The only
// folder that knows libpq, and only by database.cpp and connection parsing.
//
// Every statement has a time limit (statement_timeout, lock_timeout, idle_in_transaction_session_timeout,
// connect_timeout, tcp_user_timeout and keepalives are set), so a network that is cut ends in an error.
// Nothing from the database gets into a message unescaped, and no message has the connection string.
//
// One thread at a time. Failures are DatabaseError.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/store/store_of_record.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

class DatabaseError : public crypto::StoreOfRecordError {
 public:
  enum class Kind {
    unreachable,  // no connection, or it broke: another try later may help
    busy,         // another transaction was in the way (lock or serialization): try again
    refused,      // rights, a constraint, a schema that is missing or newer
    unknown,      // the connection broke during COMMIT: the change may have been made
  };
  DatabaseError(Kind kind, const std::string& what) : StoreOfRecordError(what), kind_(kind) {}
  Kind kind() const { return kind_; }
  bool is_temporary() const override { return kind_ != Kind::refused; }

 private:
  Kind kind_;
};

using Bytes = std::vector<unsigned char>;

// A parameter of a statement: text, or bytes for bytea, or NULL.
class Parameter {
 public:
  Parameter(std::string text);       // NOLINT(google-explicit-constructor)
  Parameter(std::string_view text);  // NOLINT(google-explicit-constructor)
  Parameter(const char* text);       // NOLINT(google-explicit-constructor)
  Parameter(std::int64_t number);    // NOLINT(google-explicit-constructor)
  Parameter(int number);             // NOLINT(google-explicit-constructor)
  Parameter(const Bytes& bytes);     // NOLINT(google-explicit-constructor)
  Parameter(std::nullopt_t);         // NOLINT(google-explicit-constructor)
  const std::optional<std::string>& value() const { return value_; }
  bool is_binary() const { return is_binary_; }

 private:
  std::optional<std::string> value_;
  bool is_binary_ = false;
};

// Rows as text (bytea decoded on demand). Owns the result.
class Rows {
 public:
  int size() const;
  bool is_null(int row, int column) const;
  std::string text(int row, int column) const;
  std::int64_t number(int row, int column) const;
  Bytes bytes(int row, int column) const;
  int affected() const;

 private:
  friend class Database;
  explicit Rows(std::shared_ptr<const void> result) : result_(std::move(result)) {}
  std::shared_ptr<const void> result_;
};

class Database {
 public:
  // Connects. Throws DatabaseError::Kind::unreachable.
  explicit Database(const FleetSettings& settings);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Rows run(const std::string& statement, const std::vector<Parameter>& parameters = {});
  // Runs several statements that are separated by semicolons, without parameters.
  void run_script(const std::string& statements);

  // False after the connection broke, or ended by a time limit of ours.
  bool is_open() const;

  // For changes: every statement sees what others have committed before it.
  void begin();
  // For reading: all statements see one state.
  void begin_snapshot();
  void commit();  // Kind::unknown if the answer did not come
  void rollback() noexcept;

  void listen(const std::string& channel);
  // Waits for a notification, for wake_descriptor (-1: none) to become readable, or until the time is over.
  // Throws if the connection breaks. Returns true for a notification, and takes all that wait.
  bool wait(std::chrono::milliseconds most, int wake_descriptor = -1);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dkim::keytool::fleet
