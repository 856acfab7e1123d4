// Splits OpenDKIM's files into lines: a word, white space, and the rest; a comment goes to the end of the
// line.
//
// Its settings and its tables have this form, but differ in what is white space and what begins a comment.
// Never fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool::opendkim {

struct WordLine {
  std::string word;
  std::string rest;   // without white space at its ends; may be empty
  std::string place;  // "file:line"
};

struct LineRules {
  std::string_view white_space;
  std::string_view comment_starts;
};

// Returns the lines that are not empty.
std::vector<WordLine> word_lines(std::string_view text, const std::string& file_name, const LineRules& rules);

// Removes white space at both ends.
std::string_view trim(std::string_view text, std::string_view white_space);

}  // namespace dkim::keytool::opendkim
