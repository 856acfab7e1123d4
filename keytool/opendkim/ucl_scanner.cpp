#include "keytool/opendkim/ucl_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

bool is_name_character(char c) {
  return canon::is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '*' || c == '@' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_variable_character(char c) {
  return canon::is_alnum(c) || c == '_';
}

}  // namespace

std::string UclScanner::place() const {
  return fmt::format("{}:{}", file_, line_);
}

void UclScanner::skip(std::size_t count) {
  for (const auto end = std::min(at_ + count, text_.size()); at_ < end; ++at_)
    line_ += text_[at_] == '\n' ? 1 : 0;
}

void UclScanner::skip_line() {
  skip(std::min(rest().find('\n'), rest().size()));
}

void UclScanner::refuse(std::string_view what) {
  remarks_.push_back(not_taken(place(), std::string(what)));
  skip_line();
}

void UclScanner::skip_blank() {
  while (!is_at_end()) {
    if (canon::is_fws(at(0))) {
      skip(1);
    } else if (at(0) == '#' || rest().starts_with("*** ")) {
      // rspamadm frames a section with lines of stars.
      skip_line();
    } else if (rest().starts_with("/*")) {
      skip_c_comment();
    } else {
      return;
    }
  }
}

void UclScanner::skip_c_comment() {
  std::size_t depth = 0;
  do {
    if (rest().starts_with("/*")) {
      ++depth;
      skip(2);
    } else if (rest().starts_with("*/")) {
      --depth;
      skip(2);
    } else {
      skip(1);
    }
  } while (depth > 0 && !is_at_end());
}

void UclScanner::skip_parameters() {
  if (at(0) != '(') return;
  const auto end = rest().find_first_of(")\n");
  skip(end == std::string_view::npos ? rest().size() : end + 1);
}

bool UclScanner::is_at_name() const {
  return at(0) == '"' || at(0) == '\'' || (is_name_character(at(0)) && at(0) != '*');
}

bool UclScanner::is_at_template() const {
  return at(0) == '{' && (at(1) == '%' || at(1) == '{' || at(1) == '=' || at(1) == '#');
}

bool UclScanner::is_at_named_section() const {
  std::size_t i = 0;
  if (at(0) == '"' || at(0) == '\'') {
    ++i;
    while (at(i) != at(0) && at(i) != '\0' && at(i) != '\n')
      ++i;
    ++i;
  } else {
    while (is_name_character(at(i)))
      ++i;
  }
  if (i == 0) return false;
  while (canon::is_wsp(at(i)))
    ++i;
  return at(i) == '{';
}

std::string UclScanner::name() {
  if (at(0) == '"') return quoted();
  if (at(0) == '\'') return single_quoted();
  std::size_t length = 0;
  while (is_name_character(at(length)))
    ++length;
  std::string name(rest().substr(0, length));
  skip(length);
  return name;
}

std::string UclScanner::text() {
  if (at(0) == '"') return with_variables(quoted());
  if (at(0) == '\'') return single_quoted();
  if (rest().starts_with("<<") && canon::is_alpha(at(2))) return with_variables(here_document());
  return with_variables(bare());
}

std::string UclScanner::quoted() {
  std::string out;
  skip(1);
  while (!is_at_end() && at(0) != '"') {
    const bool is_escape = at(0) == '\\';
    if (is_escape) skip(1);
    out += is_escape ? escaped() : std::string(1, at(0));
    skip(1);
  }
  if (is_at_end()) refuse("the file ends within a text in quotes");
  skip(1);
  return out;
}

// Returns what the character behind a backslash stands for. Of \uXXXX, which nobody needs in a name or a
// path, only ASCII is read.
std::string UclScanner::escaped() {
  switch (at(0)) {
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case 'r':
      return "\r";
    case 'u': {
      unsigned number = 0;
      for (std::size_t i = 1; i <= 4; ++i)
        number = number * 16 + canon::hex_digit(at(i)).value_or(0);
      skip(4);
      return std::string(1, number > 0 && number < 0x80 ? static_cast<char>(number) : '?');
    }
    default:
      return is_at_end() ? std::string() : std::string(1, at(0));
  }
}

std::string UclScanner::single_quoted() {
  std::string out;
  skip(1);
  while (!is_at_end() && at(0) != '\'') {
    if (at(0) == '\\' && at(1) == '\'') skip(1);
    out += at(0);
    skip(1);
  }
  if (is_at_end()) refuse("the file ends within a text in quotes");
  skip(1);
  return out;
}

std::string UclScanner::here_document() {
  skip(2);
  const std::string mark(canon::trim_fws(rest().substr(0, rest().find('\n'))));
  skip_line();
  skip(1);
  std::string out;
  while (!is_at_end()) {
    const auto line = rest().substr(0, rest().find('\n'));
    skip(line.size() + 1);
    if (canon::trim_fws(line) == mark) return out;
    out += (out.empty() ? "" : "\n") + std::string(line);
  }
  refuse("the file ends within a text");
  return out;
}

std::string UclScanner::bare() {
  const auto length = std::min(rest().find_first_of(";,\n#]}"), rest().size());
  std::string text(canon::trim_fws(rest().substr(0, length)));
  skip(length);
  return text;
}

std::string UclScanner::with_variables(const std::string& text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool in_braces = text.compare(i, 2, "${") == 0;
    const auto begin = i + (in_braces ? 2 : 1);
    auto end = begin;
    while (text[i] == '$' && end < text.size() && is_variable_character(text[end]))
      ++end;
    const bool is_closed = !in_braces || (end < text.size() && text[end] == '}');
    const auto known = end > begin && is_closed
                           ? variables_.find(std::string_view(text).substr(begin, end - begin))
                           : variables_.end();
    if (known == variables_.end()) {
      out += text[i++];
      continue;
    }
    out += known->second;
    i = end + (in_braces ? 1 : 0);
  }
  return out;
}

}  // namespace dkim::keytool::opendkim
