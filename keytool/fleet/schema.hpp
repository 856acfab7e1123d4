// The tables of a fleet: how they are made, brought up to date, and who may do what with them.
//
// Failures are DatabaseError.
#pragma once

#include <span>
#include <string>

#include "keytool/fleet/database.hpp"

namespace dkim::keytool::fleet {

// The format of the tables that this dkimkey reads and writes.
int schema_format();

enum class SchemaChange { none, made, migrated };

// Makes the tables if there are none, or takes one step after another from the format that they have; all of
// it is one transaction, and nobody writes meanwhile. Then gives the roles that exist their rights. Refuses a
// newer format. Of two that do it at once, one waits.
SchemaChange make_schema(Database& database);

// Does this with other steps, for tests: step N leads from format N - 1 to N.
SchemaChange make_schema(Database& database, std::span<const std::string> steps);

// SQL for an administrator of PostgreSQL, to be run before `dkimkey fleet init`: the roles, and the schema
// that the owner fills. Then, as comments, what init grants to each.
std::string roles_sql();

}  // namespace dkim::keytool::fleet
