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

// Of signers, refusals and the like.
inline constexpr int most_rows = 1'000'000;

// A column of timestamptz as seconds since 1970.
inline std::string seconds(std::string_view column) {
  return fmt::format("floor(extract(epoch FROM {}))::bigint", column);
}

inline std::optional<crypto::UtcTime> time_at(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return crypto::UtcTime(std::chrono::seconds(rows.number(row, column)));
}

}  // namespace dkim::keytool::fleet
