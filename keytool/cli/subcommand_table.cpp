#include "keytool/cli/subcommand_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "keytool/cli/errors.hpp"

namespace dkim::keytool {

std::size_t subcommand_position(std::span<const std::string> words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with('-')) {
    const bool value_follows = words[i] == "--config" || words[i] == "--directory" || words[i] == "-D";
    i += value_follows ? 2 : 1;
  }
  return std::min(i, words.size());
}

std::string subcommand_lines(std::span<const Subcommand> table) {
  std::string lines;
  for (const auto& subcommand : table)
    lines += fmt::format("  {:<15}{}\n", subcommand.name, subcommand.summary);
  return lines;
}

ExitCode run_subcommand(std::span<const Subcommand> table, const Arguments& words, std::size_t position,
                        std::string_view program) {
  if (position == words.size()) throw UsageError(fmt::format("which subcommand? See: {} --help", program));
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.name == words[position]; });
  if (found == table.end()) {
    throw UsageError(fmt::format("there is no subcommand \"{}\"; see: {} --help", words[position], program));
  }
  Arguments arguments = words;
  arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(position));
  return found->run(arguments);
}

}  // namespace dkim::keytool
