#include "keytool/opendkim/perl_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Kind = PerlWord::Kind;

constexpr std::string_view more_than_values = "an expression of Perl that import does not evaluate";
// Nobody writes more brackets around a value.
constexpr std::size_t deepest_nesting = 50;
// A path or a name has a few dozen bytes.
constexpr std::size_t most_bytes_of_variables = 16 << 20;

bool is_name_character(char c) {
  return canon::is_alnum(c) || c == '_';
}

// In '...' a backslash stands for itself, except before another and before a quote.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '\\' || text[i + 1] == '\'')) ++i;
    out += text[i];
  }
  return out;
}

long long number_of(const std::string& text, std::size_t line) {
  std::string digits = text;
  std::erase(digits, '_');
  long long number = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || at != end) throw NotUnderstood{line, "a number that is not a whole one"};
  return number;
}

}  // namespace

std::optional<std::string> PerlVariables::use(const std::string& name, std::size_t line) {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  if (found->second.size() > most_bytes_of_variables - used_)
    throw NotUnderstood{line, "variables that make more text than any configuration has"};
  used_ += found->second.size();
  return found->second;
}

PerlWord PerlReader::take() {
  PerlWord word = std::move(next_);
  next_ = words_.next();
  if (word.kind == Kind::sign && word.text.size() == 1) {
    constexpr std::string_view opening = "([{";
    constexpr std::string_view closing = ")]}";
    if (opening.find(word.text[0]) != std::string_view::npos) ++depth_;
    if (closing.find(word.text[0]) != std::string_view::npos && depth_ > 0) --depth_;
  }
  return word;
}

bool PerlReader::take_if(std::string_view sign) {
  if (!next_.is_sign(sign)) return false;
  take();
  return true;
}

void PerlReader::expect(std::string_view sign) {
  if (!take_if(sign)) fail(fmt::format("something else where {} is expected", sign));
}

void PerlReader::require_end_of_value() const {
  constexpr std::string_view ends = ",;)]}";
  if (next_.kind == Kind::end || next_.is_sign("=>")) return;
  if (next_.kind != Kind::sign || next_.text.size() != 1 ||
      ends.find(next_.text[0]) == std::string_view::npos)
    fail(std::string(more_than_values));
}

std::string PerlReader::scalar() {
  auto value = product();
  while (take_if("."))
    value += product();
  require_end_of_value();
  return value;
}

std::string PerlReader::product() {
  std::string value = term();
  while (next_.is_sign("*")) {
    const auto line = next_.line;
    take();
    const auto left = number_of(value, line);
    const auto right = number_of(term(), line);
    if (left < 0 || right < 0 || (right != 0 && left > std::numeric_limits<long long>::max() / right))
      throw NotUnderstood{line, "a number that is too large"};
    value = std::to_string(left * right);
  }
  return value;
}

std::string PerlReader::term() {
  if (nesting_ >= deepest_nesting) fail(std::string(more_than_values));
  ++nesting_;
  const std::unique_ptr<std::size_t, void (*)(std::size_t*)> leave(&nesting_,
                                                                   [](std::size_t* nesting) { --*nesting; });
  switch (next_.kind) {
    case Kind::literal:
      return unescaped(take().text);
    case Kind::interpolated:
      return interpolated(take());
    case Kind::number:
      return take().text;
    case Kind::variable: {
      const auto word = take();
      if (next_.is_sign("[") || next_.is_sign("{") || next_.is_sign("->"))
        fail("an element of an array or a hash, whose value is not known here");
      if (auto value = variables_.use(word.text, word.line)) return *std::move(value);
      throw NotUnderstood{word.line, "a variable whose value is not known here"};
    }
    case Kind::name: {
      const auto word = take();
      if (next_.is_sign("=>")) return word.text;
      // Both leave ASCII names as they are, apart from their case.
      if (word.text == "lc") return canon::lower_case(term());
      if (word.text == "idn_to_ascii") return term();
      throw NotUnderstood{word.line, std::string(more_than_values)};
    }
    case Kind::sign:
      if (take_if("(")) {
        auto value = scalar();
        expect(")");
        return value;
      }
      break;
    case Kind::list:
    case Kind::foreign:
    case Kind::end:
      break;
  }
  fail(std::string(more_than_values));
}

// The variables are those of "$x" and "${x}"; a text with an element of an array or a hash is not read.
std::string PerlReader::interpolated(const PerlWord& word) {
  const auto refuse = [&](std::string_view what) { throw NotUnderstood{word.line, std::string(what)}; };
  const std::string_view text = word.text;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      const char next = i + 1 < text.size() ? text[++i] : '\\';
      if (canon::is_alnum(next)) refuse("a text with an escape sequence");
      out += next;
    } else if (c == '$') {
      const bool in_braces = i + 1 < text.size() && text[i + 1] == '{';
      std::size_t end = i + (in_braces ? 2 : 1);
      const auto begin = end;
      while (end < text.size() && is_name_character(text[end]))
        ++end;
      const auto name = text.substr(begin, end - begin);
      if (name.empty() || (in_braces && (end >= text.size() || text[end] != '}')))
        refuse("a text with a variable of another kind than $name");
      if (in_braces) ++end;
      const auto after = text.substr(std::min(end, text.size()));
      if (after.starts_with('[') || after.starts_with('{') || after.starts_with("->") ||
          after.starts_with("::"))
        refuse("a text with an element of an array or a hash");
      const auto value = variables_.use("$" + std::string(name), word.line);
      if (!value) refuse("a text with a variable whose value is not known here");
      out += *value;
      i = end - 1;
    } else if (c == '@' && i + 1 < text.size() && (is_name_character(text[i + 1]) || text[i + 1] == '{')) {
      refuse("a text with an array in it (Perl needs \\@ for the sign itself)");
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<std::string> PerlReader::list() {
  std::vector<std::string> values;
  const auto add_words = [&](std::string_view text) {
    while (!(text = canon::trim_fws(text)).empty()) {
      const auto length = std::min(text.find_first_of(" \t\r\n"), text.size());
      values.emplace_back(text.substr(0, length));
      text.remove_prefix(length);
    }
  };
  const auto add_element = [&] {
    if (next_.kind == Kind::list) {
      add_words(take().text);
      require_end_of_value();
    } else {
      values.push_back(scalar());
    }
  };
  if (!take_if("(")) {
    add_element();
    return values;
  }
  while (!next_.is_sign(")")) {
    add_element();
    if (!take_comma()) break;
  }
  expect(")");
  return values;
}

}  // namespace dkim::keytool::opendkim
