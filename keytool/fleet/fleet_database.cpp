#include "keytool/fleet/fleet_database.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"
#include "crypto/settings/settings_source.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/columns.hpp"
#include "keytool/fleet/schema.hpp"

namespace dkim::keytool::fleet {
namespace {

using Kind = DatabaseError::Kind;

// One more than they may have, so that what was cut is refused by who parses or opens it.
constexpr std::size_t manifest_limit = crypto::most_settings_bytes + 1;
constexpr std::size_t sealed_limit = crypto::most_sealed_bytes + 1;
constexpr int most_keys = 1000;
// A batch of domains ends when it has this many bytes, with one domain at least.
constexpr std::int64_t batch_bytes = 16 << 20;

// Columns that another version of the tables, or somebody else, may have let be null.
const std::string manifest_column = fmt::format("coalesce(left(d.manifest, {}), 'NULL')", manifest_limit);
const std::string domain_column = "coalesce(left(d.domain, 300), 'NULL')";
const std::string key_columns = fmt::format(
    "coalesce(left(k.domain, 300), ''), coalesce(left(k.selector, 300), ''), k.use, "
    "coalesce(left(k.algorithm, 100), ''), "
    "k.sealing_key, substring(k.sealed FROM 1 FOR {})",
    sealed_limit);

KeyRow key_at(const Rows& rows, int row) {
  KeyRow key;
  key.selector = rows.text(row, 1);
  key.use = static_cast<int>(rows.number(row, 2));
  key.algorithm = rows.text(row, 3);
  key.sealed.sealing_key = static_cast<int>(rows.number(row, 4));
  key.sealed.sealed = rows.bytes(row, 5);
  return key;
}

// It gets into .fleet and into messages.
std::string uuid_at(const Rows& rows, int row, int column) {
  auto text = rows.text(row, column);
  if (!crypto::is_uuid(text))
    throw DatabaseError(Kind::refused, fmt::format("the fleet's database is damaged: {} is not a UUID",
                                                   canon::printable_word(text, 64)));
  return text;
}

DomainRow domain_at(const Rows& rows, int row) {
  return {rows.text(row, 0), rows.number(row, 1), rows.text(row, 2), {}, rows.text(row, 3) == "t"};
}

const std::string select_domain = fmt::format(
    "SELECT {}, d.sequence, {}, d.forgotten FROM dkimsignd.domains AS d ", domain_column, manifest_column);
const std::string select_keys = fmt::format("SELECT {} FROM dkimsignd.sealed_keys AS k ", key_columns);

}  // namespace

template <typename Read>
auto FleetDatabase::in_snapshot(Read read) {
  database_.begin_snapshot();
  try {
    auto result = read();
    database_.rollback();
    return result;
  } catch (...) {
    database_.rollback();
    throw;
  }
}

StoreState FleetDatabase::state() {
  const auto row = database_.run("SELECT identity::text, sequence, format FROM dkimsignd.store");
  if (row.size() != 1)
    throw DatabaseError(Kind::refused, "the fleet's database is damaged: its table store has no row");
  const auto format = row.number(0, 2);
  if (format > schema_format()) {
    throw DatabaseError(Kind::refused,
                        fmt::format("the fleet's tables have format {}, and this dkimkey knows {}: "
                                    "install a newer dkimsignd on this machine",
                                    format, schema_format()));
  }
  if (format < schema_format()) {
    throw DatabaseError(
        Kind::refused,
        fmt::format("the fleet's tables have format {}, and this dkimkey needs {}: dkimkey fleet init, "
                    "as their owner, brings them up to date",
                    format, schema_format()));
  }
  StoreState state{uuid_at(row, 0, 0), row.number(0, 1), {}};
  const auto keys = database_.run(
      "SELECT number, coalesce(left(fingerprint, 100), '') FROM dkimsignd.sealing_keys ORDER BY number DESC "
      "LIMIT 1000");
  for (int i = 0; i < keys.size(); ++i)
    state.sealing_keys.emplace(static_cast<int>(keys.number(i, 0)), keys.text(i, 1));
  return state;
}

std::optional<std::string> FleetDatabase::mark(std::int64_t sequence) {
  const auto rows =
      database_.run("SELECT mark::text FROM dkimsignd.changes WHERE sequence = $1::bigint", {sequence});
  if (rows.size() == 0) return std::nullopt;
  return uuid_at(rows, 0, 0);
}

std::optional<crypto::UtcTime> FleetDatabase::changed_after(std::int64_t sequence) {
  const auto rows = database_.run(fmt::format("SELECT {} FROM dkimsignd.changes WHERE sequence > $1::bigint "
                                              "ORDER BY sequence LIMIT 1",
                                              seconds("changed_at")),
                                  {sequence});
  if (rows.size() == 0) return std::nullopt;
  return time_at(rows, 0, 0);
}

crypto::UtcTime FleetDatabase::now() {
  const auto rows = database_.run(fmt::format("SELECT {}", seconds("clock_timestamp()")));
  return crypto::UtcTime(std::chrono::seconds(rows.number(0, 0)));
}

std::vector<std::string> FleetDatabase::domains() {
  const auto rows = database_.run(fmt::format(
      "SELECT {} FROM dkimsignd.domains AS d WHERE NOT d.forgotten ORDER BY d.domain COLLATE \"C\" LIMIT {}",
      domain_column, 10 * most_rows));
  std::vector<std::string> domains;
  for (int i = 0; i < rows.size(); ++i)
    domains.push_back(rows.text(i, 0));
  return domains;
}

std::optional<std::string> FleetDatabase::manifest(const canon::DomainName& domain) {
  const auto rows = database_.run(select_domain + "WHERE d.domain = $1", {domain.str()});
  if (rows.size() == 0) return std::nullopt;
  return rows.text(0, 2);
}

std::optional<DomainRow> FleetDatabase::read_domain(const canon::DomainName& domain, std::string_view lock) {
  const auto rows = database_.run(select_domain + "WHERE d.domain = $1", {domain.str()});
  if (rows.size() == 0) return std::nullopt;
  auto row = domain_at(rows, 0);
  const auto keys = database_.run(fmt::format("{} WHERE k.domain = $1 ORDER BY k.selector, k.use LIMIT {} {}",
                                              select_keys, most_keys, lock),
                                  {domain.str()});
  for (int i = 0; i < keys.size(); ++i)
    row.keys.push_back(key_at(keys, i));
  return row;
}

std::optional<DomainRow> FleetDatabase::domain(const canon::DomainName& domain) {
  return in_snapshot([&] { return read_domain(domain, ""); });
}

std::optional<DomainRow> FleetDatabase::lock_domain(const canon::DomainName& domain) {
  // The second number keeps our locks apart from those of others in this database.
  database_.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 7208970))", {domain.str()});
  return read_domain(domain, "FOR UPDATE");
}

std::vector<DomainRow> FleetDatabase::changed_since(std::int64_t sequence, int most) {
  return in_snapshot([&] { return read_behind("sequence", sequence, most); });
}

std::vector<DomainRow> FleetDatabase::domains_behind(const std::string& name, int most) {
  return in_snapshot([&] { return read_behind("domain", name, most); });
}

std::vector<DomainRow> FleetDatabase::read_behind(std::string_view column, const Parameter& value, int most) {
  // The first `most` of them, cut where they have too many bytes.
  const auto sizes = database_.run(
      fmt::format(
          "SELECT d.{0}, coalesce(least(octet_length(d.manifest), {1}), 0) + k.bytes "
          "FROM dkimsignd.domains AS d CROSS JOIN LATERAL (SELECT "
          "coalesce(sum(least(octet_length(sealed), {2})), 0)::bigint AS bytes FROM (SELECT sealed "
          "FROM dkimsignd.sealed_keys WHERE domain = d.domain ORDER BY selector, use LIMIT {3}) AS each) "
          "AS k WHERE d.{0} > $1 ORDER BY d.{0} LIMIT $2::int",
          column, manifest_limit, sealed_limit, most_keys),
      {value, most});
  if (sizes.size() == 0) return {};
  std::int64_t bytes = 0;
  int count = 0;
  while (count < sizes.size() && (count == 0 || bytes + sizes.number(count, 1) <= batch_bytes))
    bytes += sizes.number(count++, 1);
  const auto last = sizes.text(count - 1, 0);

  std::vector<DomainRow> domains;
  std::map<std::string, std::size_t> places;
  const auto range = fmt::format("WHERE d.{0} > $1 AND d.{0} <= $2 ORDER BY d.{0}", column);
  const auto rows = database_.run(select_domain + range, {value, last});
  for (int i = 0; i < rows.size(); ++i) {
    domains.push_back(domain_at(rows, i));
    places.emplace(domains.back().domain, domains.size() - 1);
  }
  // The limit counts for each domain: one with ever so many rows takes no key of another.
  const auto keys = database_.run(
      fmt::format(
          "SELECT {} FROM dkimsignd.domains AS d CROSS JOIN LATERAL (SELECT * FROM dkimsignd.sealed_keys "
          "WHERE domain = d.domain ORDER BY selector, use LIMIT {}) AS k {}, k.selector, k.use",
          key_columns, most_keys, range),
      {value, last});
  for (int i = 0; i < keys.size(); ++i) {
    const auto place = places.find(keys.text(i, 0));
    if (place != places.end()) domains[place->second].keys.push_back(key_at(keys, i));
  }
  return domains;
}

Change FleetDatabase::put_domain(const canon::DomainName& domain, const std::string& manifest,
                                 const std::vector<KeyRow>& keys, bool is_forgotten) {
  std::string kept;
  std::vector<Parameter> parameters{domain.str()};
  for (const auto& key : keys) {
    kept += fmt::format("{}(${}, ${}::int)", kept.empty() ? "" : ", ", parameters.size() + 1,
                        parameters.size() + 2);
    parameters.emplace_back(key.selector);
    parameters.emplace_back(key.use);
  }
  database_.run("DELETE FROM dkimsignd.sealed_keys WHERE domain = $1" +
                    (keys.empty() ? "" : fmt::format(" AND (selector, use) NOT IN ({})", kept)),
                parameters);
  put_keys(domain.str(), keys);
  // Last, because from here on all other changes wait.
  const auto change = database_.run(
      "WITH next AS (UPDATE dkimsignd.store SET sequence = sequence + 1 RETURNING sequence), "
      "change AS (INSERT INTO dkimsignd.changes (sequence) SELECT sequence FROM next RETURNING sequence, "
      "mark) "
      "INSERT INTO dkimsignd.domains (domain, sequence, manifest, forgotten) "
      "SELECT $1, sequence, $2, $3::boolean FROM change ON CONFLICT (domain) DO UPDATE "
      "SET sequence = EXCLUDED.sequence, manifest = EXCLUDED.manifest, forgotten = EXCLUDED.forgotten "
      "RETURNING sequence, (SELECT mark::text FROM change), pg_notify('dkimsignd', sequence::text)",
      {domain.str(), manifest, is_forgotten ? "true" : "false"});
  if (change.size() != 1) {
    throw DatabaseError(Kind::refused, "the fleet's database is damaged: its table store has no row");
  }
  // Not before, or two changes at once could wait for each other: those marks are nobody else's now.
  remove_old_marks();
  return {change.number(0, 0), change.text(0, 1)};
}

std::vector<PlacedKeyRow> FleetDatabase::sealed_otherwise(int number, const PlacedKeyRow& after, int most) {
  const auto rows = database_.run(
      select_keys +
          "WHERE (k.domain, k.selector, k.use) > ($2, $3, $4::int) AND k.sealing_key <> $1::int "
          // Otherwise a name that was cut would come back for ever.
          "AND length(k.domain) < 300 AND length(k.selector) < 300 "
          "ORDER BY k.domain, k.selector, k.use LIMIT $5::int FOR UPDATE SKIP LOCKED",
      {number, after.domain, after.key.selector, after.key.use, most});
  std::vector<PlacedKeyRow> keys;
  for (int i = 0; i < rows.size(); ++i)
    keys.push_back({rows.text(i, 0), key_at(rows, i)});
  return keys;
}

void FleetDatabase::put_sealed(const std::string& domain, const KeyRow& key) {
  put_keys(domain, {key});
}

void FleetDatabase::put_keys(const std::string& domain, const std::vector<KeyRow>& keys) {
  if (keys.empty()) return;
  std::string rows;
  std::vector<Parameter> parameters{domain};
  for (const auto& key : keys) {
    const auto next = parameters.size() + 1;
    rows += fmt::format("{}($1, ${}, ${}::int, ${}, ${}::int, ${}::bytea)", rows.empty() ? "" : ", ", next,
                        next + 1, next + 2, next + 3, next + 4);
    parameters.emplace_back(key.selector);
    parameters.emplace_back(key.use);
    parameters.emplace_back(key.algorithm);
    parameters.emplace_back(key.sealed.sealing_key);
    parameters.emplace_back(key.sealed.sealed);
  }
  // A row that is there already is not written again.
  database_.run(
      fmt::format(
          "INSERT INTO dkimsignd.sealed_keys AS k (domain, selector, use, algorithm, sealing_key, sealed) "
          "VALUES {} ON CONFLICT (domain, selector, use) DO UPDATE "
          "SET algorithm = EXCLUDED.algorithm, sealing_key = EXCLUDED.sealing_key, sealed = EXCLUDED.sealed "
          "WHERE (k.sealed, k.sealing_key, k.algorithm) IS DISTINCT FROM "
          "(EXCLUDED.sealed, EXCLUDED.sealing_key, EXCLUDED.algorithm)",
          rows),
      parameters);
}

}  // namespace dkim::keytool::fleet
