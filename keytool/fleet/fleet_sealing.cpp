// The part of FleetDatabase that knows which sealing keys there are, and what is sealed with them.
#include <fmt/format.h>

#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {
namespace {

// As two ranges, because the index serves those.
constexpr const char* is_sealed_otherwise = "(sealing_key < $1::int OR sealing_key > $1::int)";

}  // namespace

void FleetDatabase::add_sealing_key(int number, const std::string& fingerprint) {
  // Waits for another who is adding it.
  database_.run(
      "INSERT INTO dkimsignd.sealing_keys (number, fingerprint) VALUES ($1::int, $2) "
      "ON CONFLICT (number) DO NOTHING",
      {number, fingerprint});
  const auto rows = database_.run(
      "SELECT coalesce(left(fingerprint, 100), '') FROM dkimsignd.sealing_keys WHERE number = $1::int",
      {number});
  if (rows.size() != 1 || rows.text(0, 0) != fingerprint) {
    throw DatabaseError(DatabaseError::Kind::refused,
                        fmt::format("another sealing key {} has just come into use in the fleet", number));
  }
}

void FleetDatabase::remove_sealing_keys_below(int number) {
  database_.run("DELETE FROM dkimsignd.sealing_keys WHERE number < $1::int", {number});
}

std::int64_t FleetDatabase::count_sealed_otherwise(int number) {
  const auto rows = database_.run(
      fmt::format("SELECT count(*) FROM dkimsignd.sealed_keys WHERE {}", is_sealed_otherwise), {number});
  return rows.number(0, 0);
}

std::vector<std::string> FleetDatabase::domains_sealed_otherwise(int number, const std::string& after,
                                                                 int most) {
  const auto rows = database_.run(fmt::format("SELECT DISTINCT domain FROM dkimsignd.sealed_keys WHERE {} "
                                              "AND domain > $2 AND length(domain) < 300 ORDER BY domain "
                                              "LIMIT $3::int",
                                              is_sealed_otherwise),
                                  {number, after, most});
  std::vector<std::string> domains;
  for (int i = 0; i < rows.size(); ++i)
    domains.push_back(rows.text(i, 0));
  return domains;
}

}  // namespace dkim::keytool::fleet
