// Finds a subcommand among the words of the command line, and runs it: for dkimkey itself, and for a
// subcommand that has subcommands of its own (dkimkey fleet).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

struct Subcommand {
  std::string_view name;
  std::string_view summary;
  ExitCode (*run)(const Arguments&);
};

// Returns the index of the subcommand; the number of words if there is none. The words before it are common
// options; the value of an option may be a word of its own.
std::size_t subcommand_position(std::span<const std::string> words);

// Returns the lines of --help that list the subcommands.
std::string subcommand_lines(std::span<const Subcommand> table);

// Runs the subcommand at that position, with the words before and after it. program: what a person types
// before it. Throws UsageError if there is none, and what it throws.
ExitCode run_subcommand(std::span<const Subcommand> table, const Arguments& words, std::size_t position,
                        std::string_view program);

}  // namespace dkim::keytool
