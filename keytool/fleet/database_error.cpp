#include "keytool/fleet/database_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/printable.hpp"

namespace dkim::keytool::fleet {
namespace {

using Kind = DatabaseError::Kind;

bool is_any(std::string_view sqlstate, std::initializer_list<std::string_view> states) {
  return std::find(states.begin(), states.end(), sqlstate) != states.end();
}

std::string_view field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string advice(std::string_view sqlstate) {
  if (sqlstate == "25006") {
    return "; this server only reads, as a standby does: name the others as well, with "
           "target_session_attrs=read-write";
  }
  if (sqlstate == "42501") return "; dkimsignd-fleet(7) says which role may do what";
  if (is_any(sqlstate, {"3F000", "42P01", "42703"}))
    return "; there is no fleet in this database, or it is of another version: dkimkey fleet init";
  return "";
}

}  // namespace

// https://www.postgresql.org/docs/15/errcodes-appendix.html
Kind kind_of(std::string_view sqlstate) {
  const auto of_class = [&](std::string_view name) { return sqlstate.substr(0, 2) == name; };
  // A transaction that waited too long or has to be made again; a statement past its limit.
  if (of_class("40") || is_any(sqlstate, {"55P03", "57014"})) return Kind::busy;
  // No connection; the server has no room, is stopping or starting; the session ended; a standby that only
  // reads, until it is promoted or another one is reached.
  if (sqlstate.empty() || of_class("08") || of_class("53") || of_class("58") ||
      is_any(sqlstate, {"57P01", "57P02", "57P03", "57P05", "25P03", "25006"}))
    return Kind::unreachable;
  return Kind::refused;
}

DatabaseError statement_error(const PGresult* result) {
  const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
  std::string message(field(result, PG_DIAG_MESSAGE_PRIMARY));
  // libpq's own messages, such as that the connection broke, have no fields.
  if (message.empty()) message = PQresultErrorMessage(result);
  while (!message.empty() && message.back() == '\n')
    message.pop_back();
  return {kind_of(sqlstate),
          fmt::format("the fleet's database: {}{}", canon::printable(message), advice(sqlstate))};
}

std::string connection_text(const PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  // One line for each address that was tried; what begins with a tab only guesses why.
  std::string line;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto one = std::string_view(text).substr(begin, end - begin);
    if (one.substr(0, 1) != "\t") line += (line.empty() ? "" : "; ") + std::string(one);
    begin = end + 1;
  }
  return canon::printable(line, 1024);
}

}  // namespace dkim::keytool::fleet
