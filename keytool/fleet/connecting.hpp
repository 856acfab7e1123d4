// Makes connections to PostgreSQL. What the connection of fleet.conf does not say gets values that suit a
// fleet: limits of time, and TLS by which the server proves its name wherever a network is in between.
//
// Failures are DatabaseError::Kind::unreachable; SettingsError for a connection that libpq cannot read. No
// message has any of the connection, since it may have a password.
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, FinishConnection>;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

// Throws SettingsError for a connection that libpq cannot read. Connects to nothing.
void check_connection(const FleetSettings& settings);

// Connects, within a limit for each host.
Connection connect(const FleetSettings& settings);

}  // namespace dkim::keytool::fleet
