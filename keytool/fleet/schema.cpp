#include "keytool/fleet/schema.hpp"

#include <fmt/format.h>

#include <vector>

#include "keytool/fleet/schema_rights.hpp"

namespace dkim::keytool::fleet {
namespace {

// What was released never changes: a step is added.
const std::vector<std::string>& our_steps() {
  static const std::vector<std::string> steps{R"(
-- One row: which fleet this is, and how many changes it has had. Whoever changes a domain takes the next number and
-- holds the row until COMMIT, so numbers are in the order of commits.
CREATE TABLE dkimsignd.store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  identity uuid NOT NULL,
  format int NOT NULL,
  sequence bigint NOT NULL
);
-- A random name for each change, by which a signer finds out that the database went back in time.
CREATE TABLE dkimsignd.changes (
  sequence bigint PRIMARY KEY,
  mark uuid NOT NULL DEFAULT gen_random_uuid(),
  changed_at timestamptz NOT NULL DEFAULT now()
);
-- The row of a domain that was forgotten stays, so that no machine misses it, and its selectors are not used again.
CREATE TABLE dkimsignd.domains (
  domain text PRIMARY KEY,
  sequence bigint NOT NULL UNIQUE,
  manifest text NOT NULL,
  forgotten boolean NOT NULL DEFAULT false
);
-- The condition of the query in fleet_survey, or the index is not used. Of a million domains, few are in a turn.
CREATE INDEX domains_in_motion ON dkimsignd.domains (domain COLLATE "C")
  WHERE manifest LIKE '%"pending"%' OR manifest LIKE '%"retiring"%';
CREATE TABLE dkimsignd.sealing_keys (
  number int PRIMARY KEY,
  fingerprint text NOT NULL
);
CREATE TABLE dkimsignd.sealed_keys (
  domain text NOT NULL REFERENCES dkimsignd.domains ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  selector text NOT NULL,
  use int NOT NULL,
  algorithm text NOT NULL,
  sealing_key int NOT NULL REFERENCES dkimsignd.sealing_keys,
  sealed bytea NOT NULL,
  PRIMARY KEY (domain, selector, use)
);
CREATE INDEX sealed_keys_by_sealing_key ON dkimsignd.sealed_keys (sealing_key);
CREATE TABLE dkimsignd.signers (
  host text PRIMARY KEY,
  version text NOT NULL DEFAULT '',
  applied bigint NOT NULL DEFAULT 0,
  last_seen timestamptz,
  lease_end timestamptz,
  "left" timestamptz,
  sealing_keys text NOT NULL DEFAULT ''
);
CREATE TABLE dkimsignd.refused (
  host text NOT NULL REFERENCES dkimsignd.signers ON DELETE CASCADE,
  domain text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (host, domain)
);
CREATE INDEX refused_by_domain ON dkimsignd.refused (domain);
INSERT INTO dkimsignd.store (identity, format, sequence) VALUES (gen_random_uuid(), 0, 0);
INSERT INTO dkimsignd.changes (sequence) VALUES (0);
)"};
  return steps;
}

// One dkimkey at a time changes the schema, whatever its version.
constexpr const char* take_turn = "SELECT pg_advisory_xact_lock(hashtext('dkimsignd schema'))";

bool exists(Database& database, const std::string& condition) {
  return database.run(fmt::format("SELECT 1 FROM pg_catalog.{}", condition)).size() > 0;
}

// Returns 0 if there are no tables. Keeps writers out until the transaction ends.
int format_of(Database& database) {
  if (!exists(database, "pg_namespace WHERE nspname = 'dkimsignd'")) {
    database.run("CREATE SCHEMA dkimsignd");
    return 0;
  }
  if (!exists(database, "pg_tables WHERE schemaname = 'dkimsignd' AND tablename = 'store'")) return 0;
  database.run("LOCK TABLE dkimsignd.store IN ACCESS EXCLUSIVE MODE");
  return static_cast<int>(database.run("SELECT format FROM dkimsignd.store").number(0, 0));
}

void grant_rights(Database& database) {
  for (const auto& rights : role_rights) {
    if (!exists(database, fmt::format("pg_roles WHERE rolname = '{}'", rights.role))) continue;
    database.run(fmt::format("GRANT USAGE ON SCHEMA dkimsignd TO {}", rights.role));
    for (const char* const grant : rights.grants) {
      if (grant != nullptr) database.run(fmt::format("GRANT {} TO {}", grant, rights.role));
    }
  }
}

SchemaChange take_steps(Database& database, std::span<const std::string> steps) {
  database.run(take_turn);
  const int format = format_of(database);
  const int newest = static_cast<int>(steps.size());
  if (format > newest) {
    throw DatabaseError(
        DatabaseError::Kind::refused,
        fmt::format("the fleet's tables have format {}, and this dkimkey knows {}: install a newer "
                    "dkimsignd on this machine",
                    format, newest));
  }
  for (int step = format; step < newest; ++step)
    database.run_script(steps[static_cast<std::size_t>(step)]);
  if (format < newest) database.run("UPDATE dkimsignd.store SET format = $1::int", {newest});
  grant_rights(database);
  if (format == newest) return SchemaChange::none;
  return format == 0 ? SchemaChange::made : SchemaChange::migrated;
}

}  // namespace

int schema_format() {
  return static_cast<int>(our_steps().size());
}

SchemaChange make_schema(Database& database) {
  return make_schema(database, our_steps());
}

SchemaChange make_schema(Database& database, std::span<const std::string> steps) {
  database.begin();
  try {
    const auto change = take_steps(database, steps);
    database.commit();
    return change;
  } catch (...) {
    database.rollback();
    throw;
  }
}

std::string roles_sql() {
  std::string sql = fmt::format(
      "-- Run this once as an administrator of PostgreSQL, in the fleet's database; then `dkimkey fleet "
      "init` as {0}.\n"
      "CREATE ROLE {0} LOGIN;\n"
      "CREATE SCHEMA dkimsignd AUTHORIZATION {0};\n",
      owner_role);
  for (const auto& rights : role_rights)
    sql += fmt::format("-- {}\nCREATE ROLE {} LOGIN;\n", rights.purpose, rights.role);
  sql += "-- `dkimkey fleet init` then grants each of them, and nobody else:\n";
  for (const auto& rights : role_rights) {
    sql += fmt::format("--   GRANT USAGE ON SCHEMA dkimsignd TO {};\n", rights.role);
    for (const char* const grant : rights.grants) {
      if (grant != nullptr) sql += fmt::format("--   GRANT {} TO {};\n", grant, rights.role);
    }
  }
  return sql;
}

}  // namespace dkim::keytool::fleet
