#include "keytool/opendkim/word_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkim::keytool::opendkim {

std::string_view trim(std::string_view text, std::string_view white_space) {
  const auto begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
}

std::vector<WordLine> word_lines(std::string_view text, const std::string& file_name,
                                 const LineRules& rules) {
  std::vector<WordLine> lines;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = trim(line.substr(0, line.find_first_of(rules.comment_starts)), rules.white_space);
    if (line.empty()) continue;
    const auto word_end = std::min(line.find_first_of(rules.white_space), line.size());
    lines.push_back({std::string(line.substr(0, word_end)),
                     std::string(trim(line.substr(word_end), rules.white_space)),
                     fmt::format("{}:{}", file_name, number)});
  }
  return lines;
}

}  // namespace dkim::keytool::opendkim
