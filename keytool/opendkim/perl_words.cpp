#include "keytool/opendkim/perl_words.hpp"

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

bool is_name_start(char c) {
  return canon::is_alpha(c) || c == '_';
}
bool is_name_character(char c) {
  return canon::is_alnum(c) || c == '_';
}

std::size_t name_length(std::string_view text) {
  if (text.empty() || !is_name_start(text.front())) return 0;
  std::size_t length = 1;
  while (length < text.size()) {
    if (is_name_character(text[length])) {
      ++length;
    } else if (text.substr(length, 2) == "::" && length + 2 < text.size() &&
               is_name_start(text[length + 2])) {
      length += 3;
    } else {
      break;
    }
  }
  return length;
}

char closing(char opening) {
  switch (opening) {
    case '(':
      return ')';
    case '[':
      return ']';
    case '{':
      return '}';
    case '<':
      return '>';
    default:
      return opening;
  }
}

bool is_quote_operator(std::string_view name) {
  constexpr std::string_view known[] = {"q", "qq", "qw", "qx", "qr", "m", "s", "tr", "y"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

// After these words a "/" begins a pattern, although they are names.
bool is_operator_name(std::string_view name) {
  constexpr std::string_view known[] = {"and",   "or",    "not",  "if",     "unless",
                                        "while", "split", "grep", "return", "x"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

}  // namespace

void PerlWords::skip(std::size_t count) {
  const auto end = std::min(at_ + count, text_.size());
  line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                               text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  at_ = end;
}

void PerlWords::skip_line() {
  skip(std::min(rest().find('\n'), rest().size()));
}

void PerlWords::skip_pod() {
  while (at_ < text_.size()) {
    const bool ends = rest().starts_with("=cut");
    skip_line();
    skip(1);
    if (ends) return;
  }
}

void PerlWords::skip_here_documents() {
  for (const auto& end : here_ends_) {
    while (at_ < text_.size()) {
      const auto line = rest().substr(0, rest().find('\n'));
      // "<<~" allows white space in front of the end.
      const bool ends = canon::trim_fws(line) == end;
      skip(line.size() + 1);
      if (ends) break;
    }
  }
  here_ends_.clear();
}

void PerlWords::skip_blank() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    const bool at_line_start = at_ == 0 || text_[at_ - 1] == '\n';
    if (c == '=' && at_line_start && canon::is_alpha(at(1))) {
      skip_pod();
    } else if (c == '#') {
      skip_line();
    } else if (c == '\n') {
      skip(1);
      if (!here_ends_.empty()) skip_here_documents();
    } else if (canon::is_fws(c) || c == '\f' || c == '\v') {
      skip(1);
    } else {
      return;
    }
  }
}

PerlWord PerlWords::word(Kind kind, std::string text) {
  after_value_ = kind != Kind::sign && kind != Kind::end;
  return {kind, std::move(text), word_line_};
}

std::string PerlWords::delimited() {
  const char open = at(0);
  const char close = closing(open);
  const auto begin_line = line_;
  skip(1);
  std::size_t length = 0;
  std::size_t depth = 1;
  const auto text = rest();
  while (length < text.size()) {
    const char c = text[length];
    if (c == '\\') {
      length += 2;
      continue;
    }
    if (c == close && --depth == 0) break;
    if (c == open && open != close) ++depth;
    ++length;
  }
  if (length >= text.size() && unclosed_line_ == 0) unclosed_line_ = begin_line;
  length = std::min(length, text.size());
  std::string content(text.substr(0, length));
  skip(length + 1);
  return content;
}

void PerlWords::skip_flags() {
  while (canon::is_alpha(at(0)))
    skip(1);
}

PerlWord PerlWords::number() {
  std::size_t length = 1;
  while (canon::is_alnum(at(length)) || at(length) == '_' ||
         (at(length) == '.' && canon::is_digit(at(length + 1))))
    ++length;
  std::string text(rest().substr(0, length));
  skip(length);
  return word(Kind::number, std::move(text));
}

PerlWord PerlWords::name_or_quote() {
  std::string name(rest().substr(0, name_length(rest())));
  if (name == "__END__" || name == "__DATA__") {
    skip(rest().size());
    return word(Kind::end, {});
  }
  skip(name.size());
  if (!is_quote_operator(name)) {
    const bool is_operator = is_operator_name(name);
    auto found = word(Kind::name, std::move(name));
    after_value_ = !is_operator;
    return found;
  }
  // "s => 'email'" and "{s}" are names; "q'a'", "q (a)" and "q{a}" are quotes.
  std::size_t blank = 0;
  while (canon::is_fws(at(blank)))
    ++blank;
  constexpr std::string_view no_delimiters = "=,;)}";
  const char delimiter = at(blank);
  if (delimiter == '\0' || no_delimiters.find(delimiter) != std::string_view::npos ||
      is_name_character(delimiter) || (blank > 0 && delimiter == '#'))
    return word(Kind::name, std::move(name));
  skip(blank);
  auto content = delimited();
  if (name == "q") return word(Kind::literal, std::move(content));
  if (name == "qq") return word(Kind::interpolated, std::move(content));
  if (name == "qw") return word(Kind::list, std::move(content));
  if (name == "s" || name == "tr" || name == "y") {
    // With brackets, the second part has brackets of its own; otherwise it begins where the first ended.
    if (closing(delimiter) != delimiter) {
      skip_blank();
    } else {
      --at_;
    }
    delimited();
  }
  skip_flags();
  return word(Kind::foreign, std::move(name));
}

PerlWord PerlWords::variable() {
  std::string sign(1, at(0));
  skip(1);
  if (sign == "$" && at(0) == '#') {
    sign += '#';
    skip(1);
  }
  if (at(0) == '{') {
    std::size_t length = 1;
    while (canon::is_fws(at(length)))
      ++length;
    const auto name = name_length(rest().substr(std::min(length, rest().size())));
    std::string text = sign + std::string(rest().substr(std::min(length, rest().size()), name));
    length += name;
    while (canon::is_fws(at(length)))
      ++length;
    if (name == 0 || at(length) != '}') return word(Kind::sign, sign);
    skip(length + 1);
    return word(Kind::variable, std::move(text));
  }
  if (at(0) == '$') return word(Kind::sign, sign);
  if (const auto name = name_length(rest()); name > 0) {
    std::string text = sign + std::string(rest().substr(0, name));
    skip(name);
    return word(Kind::variable, std::move(text));
  }
  // "$_" is a name; these are $!, $/ and the like.
  if (sign != "$" || at(0) == '\0' || canon::is_fws(at(0))) return word(Kind::sign, sign);
  std::string text = sign + at(0);
  skip(1);
  return word(Kind::variable, std::move(text));
}

bool PerlWords::is_here_document() const {
  if (after_value_ || !rest().starts_with("<<")) return false;
  const char next = at(2) == '~' ? at(3) : at(2);
  return next == '"' || next == '\'' || is_name_start(next);
}

PerlWord PerlWords::here_document() {
  skip(at(2) == '~' ? 3 : 2);
  if (at(0) == '"' || at(0) == '\'') {
    here_ends_.push_back(delimited());
  } else {
    const auto length = name_length(rest());
    here_ends_.emplace_back(rest().substr(0, length));
    skip(length);
  }
  return word(Kind::foreign, "<<");
}

PerlWord PerlWords::sign() {
  for (const std::string_view known : {"=>", "==", "=~", "->", "!~"}) {
    if (!rest().starts_with(known)) continue;
    skip(known.size());
    return word(Kind::sign, std::string(known));
  }
  const std::string text(1, at(0));
  skip(1);
  auto found = word(Kind::sign, text);
  after_value_ = text == ")" || text == "]" || text == "}";
  return found;
}

PerlWord PerlWords::next() {
  skip_blank();
  word_line_ = line_;
  if (at_ >= text_.size()) return word(Kind::end, {});
  const char c = text_[at_];
  if (is_name_start(c)) return name_or_quote();
  if (canon::is_digit(c)) return number();
  if (c == '\'') return word(Kind::literal, delimited());
  if (c == '"') return word(Kind::interpolated, delimited());
  if (c == '`') return word(Kind::foreign, delimited());
  if (c == '/' && !after_value_) {
    delimited();
    skip_flags();
    return word(Kind::foreign, "m");
  }
  if (c == '$' || c == '@' || (c == '%' && !after_value_)) return variable();
  if (is_here_document()) return here_document();
  return sign();
}

}  // namespace dkim::keytool::opendkim
