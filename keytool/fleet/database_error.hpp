// What libpq's failures mean for who asked, and how they are told.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "keytool/fleet/database.hpp"

namespace dkim::keytool::fleet {

// By the SQLSTATE of a statement that failed.
DatabaseError::Kind kind_of(std::string_view sqlstate);

// For a statement that failed while the connection lasted, or with which it ended.
DatabaseError statement_error(const PGresult* result);

// libpq's text about a connection, on one line and printable. It has hosts, ports and users, and never the
// connection string or a password.
std::string connection_text(const PGconn* connection);

}  // namespace dkim::keytool::fleet
