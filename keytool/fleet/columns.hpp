// How times are read from the tables, and how many rows at most.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/utc_time.hpp"
#include "keytool/fleet/database.hpp"

namespace dkim::keytool::fleet {

// The limit for refusals and the like.
inline constexpr int most_rows = 1'000'000;
// Every machine may write rows for as many others as it likes.
inline constexpr int most_signers = 10'000;

// A column of timestamptz as seconds since 1970; null for what is no time of ours. Every signer may write
// times, and an infinite one must not keep the others from reading.
inline std::string seconds(std::string_view column) {
  return fmt::format(
      "CASE WHEN {0} BETWEEN '1970-01-01 00:00Z' AND '9999-12-31 00:00Z' THEN floor(extract(epoch FROM "
      "{0}))::bigint END",
      column);
}

inline std::optional<crypto::UtcTime> time_at(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return crypto::UtcTime(std::chrono::seconds(rows.number(row, column)));
}

}  // namespace dkim::keytool::fleet
