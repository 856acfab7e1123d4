#include "tests/milter/metrics/metrics_text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace dkim::test {

Samples samples_of(const std::string& text) {
  Samples out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    const bool fresh = out.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second;
    EXPECT_TRUE(fresh) << "a series appears twice: " << line;
  }
  return out;
}

Samples increase(const Samples& before, const Samples& after) {
  Samples out;
  for (const auto& [series, value] : after) {
    if (series.find("_bucket") != std::string::npos) continue;
    const auto found = before.find(series);
    const double difference = value - (found == before.end() ? 0 : found->second);
    if (difference != 0) out[series] = difference;
  }
  return out;
}

}  // namespace dkim::test
