#include <fmt/format.h>

#include "crypto/settings/settings_source.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

std::vector<DomainRow> FleetDatabase::unsettled(std::int64_t sequence, int most) {
  // What the manifests say is judged by whoever parses them. Each half has an index, and ends at its limit.
  constexpr const char* moves = "(manifest LIKE '%\"pending\"%' OR manifest LIKE '%\"retiring\"%')";
  const auto rows = database_.run(
      fmt::format(
          "SELECT coalesce(left(domain, 300), 'NULL'), sequence, coalesce(left(manifest, {}), 'NULL') FROM ("
          "(SELECT 1 AS part, domain, sequence, manifest FROM dkimsignd.domains WHERE {} "
          "ORDER BY domain COLLATE \"C\" LIMIT $2::int) "
          "UNION ALL "
          "(SELECT 2, domain, sequence, manifest FROM dkimsignd.domains "
          "WHERE sequence > $1::bigint AND manifest LIKE '%\"revoked\"%' AND NOT {} "
          "ORDER BY sequence LIMIT $2::int)) AS both_parts "
          "ORDER BY part, domain COLLATE \"C\" LIMIT $2::int",
          crypto::most_settings_bytes + 1, moves, moves),
      {sequence, most});
  std::vector<DomainRow> domains;
  for (int i = 0; i < rows.size(); ++i)
    domains.push_back({rows.text(i, 0), rows.number(i, 1), rows.text(i, 2), {}});
  return domains;
}

bool FleetDatabase::join_new(const std::string& host) {
  // Of two machines that take a name at once, the second waits for the first, and then finds its row.
  const auto joined = database_.run(
      "INSERT INTO dkimsignd.signers AS s (host) VALUES ($1) ON CONFLICT (host) DO UPDATE "
      "SET version = '', applied = 0, last_seen = NULL, lease_end = NULL, \"left\" = NULL, sealing_keys = '' "
      "WHERE (s.\"left\" IS NOT NULL AND (s.lease_end IS NULL OR s.lease_end <= now())) "
      "OR (s.last_seen IS NULL AND s.lease_end IS NULL)",
      {host});
  if (joined.affected() == 0) return false;
  database_.run("DELETE FROM dkimsignd.refused WHERE host = $1", {host});
  return true;
}

}  // namespace dkim::keytool::fleet
