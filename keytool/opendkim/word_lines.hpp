// The lines of OpenDKIM's files: a word, white space, and what follows; a comment to the end of the line.
//
// Its settings and its tables are both of that form and differ in what is white space and what begins a
// comment.
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

// Without the empty lines.
std::vector<WordLine> word_lines(std::string_view text, const std::string& file_name, const LineRules& rules);

std::string_view trim(std::string_view text, std::string_view white_space);

}  // namespace dkim::keytool::opendkim
