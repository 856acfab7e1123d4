#include "keytool/opendkim/unit_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view blanks = " \t\r";
// No unit has more.
constexpr std::size_t most_words = 10'000;
// The kernel gives a program no more bytes of arguments (execve(2)).
constexpr std::size_t most_bytes = 6 << 20;

bool is_name_character(char c) {
  return canon::is_alnum(c) || c == '_';
}

// A variable at the front of a text: its name, and the length of the whole, with $ and braces.
struct VariableUse {
  std::string name;
  std::size_t size = 0;
  bool in_braces = false;
};
std::optional<VariableUse> variable_at(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  VariableUse use{{}, 1, text.substr(1).starts_with('{')};
  if (use.in_braces) ++use.size;
  while (use.size < text.size() && is_name_character(text[use.size]))
    use.name += text[use.size++];
  if (use.name.empty()) return std::nullopt;
  if (!use.in_braces) return use;
  if (use.size >= text.size() || text[use.size] != '}') return std::nullopt;
  ++use.size;
  return use;
}

std::string value_of(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

// A shell replaces $NAME and ${NAME} within a word; systemd only ${NAME}.
enum class Replace { both, in_braces };

[[noreturn]] void refuse_bytes() {
  throw crypto::StoreError(
      fmt::format("variables make more than the {} bytes that a program can be given", most_bytes));
}

std::string expanded(std::string_view text, const Variables& variables, Replace replace) {
  std::string out;
  while (!text.empty()) {
    const auto use = variable_at(text);
    if (use && (use->in_braces || replace == Replace::both)) {
      out += value_of(variables, use->name);
      if (out.size() > most_bytes) refuse_bytes();
      text.remove_prefix(use->size);
    } else if (replace == Replace::in_braces && text.starts_with("$$")) {
      out += '$';
      text.remove_prefix(2);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

struct Unescaped {
  std::string text;
  std::size_t size = 0;  // of what stands behind the backslash
};

// Reads what stands behind a backslash in a unit.
Unescaped unit_escape(std::string_view text) {
  constexpr std::string_view letters = "abfnrtvs";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v ";
  if (const auto letter = letters.find(text.front()); letter != std::string_view::npos)
    return {std::string(1, meanings[letter]), 1};
  const auto number = [&](std::size_t begin, std::size_t digits, unsigned base) -> std::optional<unsigned> {
    unsigned value = 0;
    for (auto i = begin; i < begin + digits; ++i) {
      const auto digit = i < text.size() ? canon::hex_digit(text[i]) : std::nullopt;
      if (!digit || *digit >= base) return std::nullopt;
      value = value * base + *digit;
    }
    return value > 0 && value < 256 ? std::optional(value) : std::nullopt;
  };
  if (text.front() == 'x') {
    if (const auto value = number(1, 2, 16)) return {std::string(1, static_cast<char>(*value)), 3};
  }
  if (const auto value = number(0, 3, 8)) return {std::string(1, static_cast<char>(*value)), 3};
  return {std::string(1, text.front()), 1};
}

enum class Syntax { shell, unit };

std::vector<std::string> split(std::string_view text, Syntax syntax) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size() && words.size() < most_words; ++i) {
    const char c = text[i];
    if (quote == 0 && blanks.find(c) != std::string_view::npos) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && i + 1 < text.size() && (quote != '\'' || syntax == Syntax::unit)) {
      const auto escape = syntax == Syntax::unit ? unit_escape(text.substr(i + 1))
                                                 : Unescaped{std::string(1, text[i + 1]), 1};
      word += escape.text;
      i += escape.size;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

// Only a quote at the front of the value, or behind another, is one. In double quotes, a backslash stands for
// itself, except before a few characters.
std::string environment_value(std::string_view text) {
  constexpr std::string_view escaped_in_quotes = "\"\\`$";
  text = trim(text, blanks);
  std::string value;
  while (text.starts_with('"') || text.starts_with('\'')) {
    const char quote = text.front();
    text.remove_prefix(1);
    while (!text.empty() && text.front() != quote) {
      if (quote == '"' && text.front() == '\\' && text.size() > 1 &&
          escaped_in_quotes.find(text[1]) != std::string_view::npos)
        text.remove_prefix(1);
      value += text.front();
      text.remove_prefix(1);
    }
    if (!text.empty()) text.remove_prefix(1);
    text = trim(text, blanks);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return value;
}

}  // namespace

std::vector<std::string> unit_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto part = trim(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.starts_with('#') || part.starts_with(';')) continue;
    const bool goes_on = part.ends_with('\\');
    if (goes_on) part.remove_suffix(1);
    line += part;
    if (goes_on) {
      line += ' ';
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> split_words(std::string_view text) {
  return split(text, Syntax::shell);
}

std::vector<std::string> split_unit_words(std::string_view text) {
  return split(text, Syntax::unit);
}

Variables parse_environment_file(std::string_view text) {
  Variables variables;
  for (const auto& line : unit_lines(text)) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    variables[std::string(trim(std::string_view(line).substr(0, equals), blanks))] =
        environment_value(std::string_view(line).substr(equals + 1));
  }
  return variables;
}

Variables parse_shell_variables(std::string_view text) {
  Variables variables;
  std::size_t size = 0;
  for (const auto& line : unit_lines(text)) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    std::string value;
    for (const auto& word : split_words(std::string_view(line).substr(equals + 1)))
      value += (value.empty() ? "" : " ") + word;
    value = expanded(value, variables, Replace::both);
    size += value.size();
    if (size > most_bytes) refuse_bytes();
    variables[line.substr(0, equals)] = std::move(value);
  }
  return variables;
}

std::vector<std::string> with_unit_variables(const std::vector<std::string>& words,
                                             const Variables& variables) {
  std::vector<std::string> out;
  std::size_t size = 0;
  const auto add = [&](std::string word) {
    size += word.size() + 1;
    if (size > most_bytes) refuse_bytes();
    out.push_back(std::move(word));
  };
  for (const auto& word : words) {
    const auto use = variable_at(word);
    if (use && !use->in_braces && use->size == word.size()) {
      for (auto& value : split_words(value_of(variables, use->name)))
        add(std::move(value));
    } else {
      add(expanded(word, variables, Replace::in_braces));
    }
  }
  return out;
}

}  // namespace dkim::keytool::opendkim
