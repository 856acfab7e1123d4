#include "keytool/fleet/fleet_database.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"
#include "keytool/fleet/columns.hpp"

namespace dkim::keytool::fleet {
namespace {

[[noreturn]] void throw_not_in_fleet(const std::string& host) {
  throw DatabaseError(
      DatabaseError::Kind::refused,
      fmt::format("the fleet knows no machine {}, or it has left: dkimkey fleet status shows its "
                  "machines, and dkimkey fleet join makes this one a part of it",
                  canon::printable(host)));
}

}  // namespace

std::vector<SignerRow> FleetDatabase::signers() {
  const auto rows = database_.run(fmt::format(
      "SELECT left(s.host, 300), left(s.version, 100), s.applied, {}, {}, {}, left(s.sealing_keys, 4000), "
      "(SELECT count(*) FROM dkimsignd.refused AS r WHERE r.host = s.host) "
      "FROM dkimsignd.signers AS s ORDER BY s.host LIMIT {}",
      seconds("s.last_seen"), seconds("s.lease_end"), seconds("s.\"left\""), most_signers));
  std::vector<SignerRow> signers;
  for (int i = 0; i < rows.size(); ++i) {
    signers.push_back({rows.text(i, 0), rows.text(i, 1), rows.number(i, 2), time_at(rows, i, 3),
                       time_at(rows, i, 4), time_at(rows, i, 5), rows.text(i, 6),
                       static_cast<int>(rows.number(i, 7))});
  }
  return signers;
}

void FleetDatabase::require_member(const std::string& host) {
  const auto rows =
      database_.run("SELECT 1 FROM dkimsignd.signers WHERE host = $1 AND \"left\" IS NULL", {host});
  if (rows.size() == 0) throw_not_in_fleet(host);
}

std::optional<SignerRow> FleetDatabase::signer(const std::string& host) {
  const auto rows =
      database_.run(fmt::format("SELECT applied, {}, {}, {} FROM dkimsignd.signers WHERE host = $1",
                                seconds("last_seen"), seconds("lease_end"), seconds("\"left\"")),
                    {host});
  if (rows.size() == 0) return std::nullopt;
  SignerRow signer;
  signer.host = host;
  signer.applied = rows.number(0, 0);
  signer.last_seen = time_at(rows, 0, 1);
  signer.lease_end = time_at(rows, 0, 2);
  signer.left = time_at(rows, 0, 3);
  return signer;
}

std::vector<RefusedRow> FleetDatabase::refusals() {
  return refusals_where("true", {});
}

std::vector<RefusedRow> FleetDatabase::refusals_of(const std::string& host) {
  return refusals_where("host = $1", {host});
}

std::vector<RefusedRow> FleetDatabase::refusals_where(std::string_view condition,
                                                      const std::vector<Parameter>& parameters) {
  const auto rows = database_.run(
      fmt::format("SELECT left(host, 300), left(domain, 300), left(reason, 1000) FROM dkimsignd.refused "
                  "WHERE {} ORDER BY host, domain LIMIT {}",
                  condition, most_rows),
      parameters);
  std::vector<RefusedRow> refusals;
  for (int i = 0; i < rows.size(); ++i)
    refusals.push_back({rows.text(i, 0), rows.text(i, 1), rows.text(i, 2)});
  return refusals;
}

std::vector<crypto::LaggingSigner> FleetDatabase::behind(const canon::DomainName& domain) {
  const auto rows = database_.run(
      fmt::format(
          "SELECT left(s.host, 300), {}, {}, s.\"left\" IS NOT NULL, coalesce(left(r.reason, 1000), '') "
          "FROM dkimsignd.signers AS s "
          "LEFT JOIN dkimsignd.refused AS r ON r.host = s.host AND r.domain = $1 "
          "WHERE (r.host IS NOT NULL OR s.applied < "
          "(SELECT sequence FROM dkimsignd.domains WHERE domain = $1)) "
          "AND (s.\"left\" IS NULL OR s.lease_end > now()) ORDER BY s.host LIMIT {}",
          seconds("s.last_seen"), seconds("s.lease_end"), most_signers),
      {domain.str()});
  std::vector<crypto::LaggingSigner> behind;
  for (int i = 0; i < rows.size(); ++i) {
    behind.push_back(
        {rows.text(i, 0), time_at(rows, i, 1), time_at(rows, i, 2), rows.text(i, 3) == "t", rows.text(i, 4)});
  }
  return behind;
}

// A lease of before is not forgotten: should the machine leave again before it has another copy, it may sign
// with what it had until then.
void FleetDatabase::join(const std::string& host) {
  database_.run(
      "INSERT INTO dkimsignd.signers (host) VALUES ($1) ON CONFLICT (host) DO UPDATE "
      "SET applied = 0, \"left\" = NULL",
      {host});
}

void FleetDatabase::remember(const std::string& host, std::optional<crypto::UtcTime> held) {
  database_.run(
      "INSERT INTO dkimsignd.signers (host, lease_end) VALUES ($1, to_timestamp($2::bigint)) "
      "ON CONFLICT (host) DO NOTHING",
      {host, held ? Parameter(static_cast<std::int64_t>(held->time_since_epoch().count()))
                  : Parameter(std::nullopt)});
}

void FleetDatabase::grant_lease(const std::string& host, crypto::UtcTime end,
                                std::optional<crypto::UtcTime> held, std::chrono::seconds lease) {
  // First, so that it is done again if it is interrupted.
  if (const auto known = signer(host); known && held && (!known->lease_end || *known->lease_end < *held))
    lengthen_other_leases(host, lease);
  const auto granted = database_.run(
      "UPDATE dkimsignd.signers SET lease_end = greatest(lease_end, to_timestamp($2::bigint)) "
      "WHERE host = $1 AND \"left\" IS NULL",
      {host, static_cast<std::int64_t>(end.time_since_epoch().count())});
  if (granted.affected() == 0) throw_not_in_fleet(host);
}

// The database knows of every lease before the machine has it. If it does not know one, it was restored from
// a backup, and does not know how long the others may sign either: not longer than if each had had a contact
// now.
void FleetDatabase::lengthen_other_leases(const std::string& host, std::chrono::seconds lease) {
  database_.run(
      "UPDATE dkimsignd.signers SET "
      "lease_end = now() + greatest($2::bigint * interval '1 second', lease_end - last_seen) "
      "WHERE host <> $1 AND (lease_end IS NULL OR lease_end < now() + $2::bigint * interval '1 second')",
      {host, static_cast<std::int64_t>(lease.count())});
}

void FleetDatabase::report(const SignerRow& signer) {
  const auto reported = database_.run(
      "UPDATE dkimsignd.signers SET version = $2, applied = $3::bigint, sealing_keys = $4, last_seen = now() "
      "WHERE host = $1 AND \"left\" IS NULL",
      {signer.host, signer.version, signer.applied, signer.sealing_keys});
  if (reported.affected() == 0) throw_not_in_fleet(signer.host);
}

void FleetDatabase::refuse(const std::string& host, const std::string& domain, const std::string& reason) {
  database_.run(
      "INSERT INTO dkimsignd.refused (host, domain, reason) VALUES ($1, $2, $3) "
      "ON CONFLICT (host, domain) DO UPDATE SET reason = EXCLUDED.reason",
      {host, domain, reason});
}

void FleetDatabase::accept(const std::string& host, const std::string& domain) {
  database_.run("DELETE FROM dkimsignd.refused WHERE host = $1 AND domain = $2", {host, domain});
}

void FleetDatabase::leave(const std::string& host) {
  const auto left = database_.run(
      "UPDATE dkimsignd.signers SET \"left\" = now() WHERE host = $1 AND \"left\" IS NULL", {host});
  if (left.affected() == 0) throw_not_in_fleet(host);
}

// What every signer has will never be asked for again. One that left may join again, and is then asked for
// the last change that it had. Only some at a time: a change must not take long because a machine was away
// for long.
void FleetDatabase::remove_old_marks() {
  database_.run(
      "DELETE FROM dkimsignd.changes WHERE sequence IN (SELECT c.sequence FROM dkimsignd.changes AS c "
      "WHERE c.sequence < (SELECT min(applied) FROM dkimsignd.signers WHERE \"left\" IS NULL) "
      "AND NOT EXISTS (SELECT FROM dkimsignd.signers AS s WHERE s.applied = c.sequence) "
      "ORDER BY c.sequence LIMIT 1000)");
}

}  // namespace dkim::keytool::fleet
