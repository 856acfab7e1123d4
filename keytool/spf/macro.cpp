#include "keytool/spf/macro.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::keytool::spf {
namespace {

constexpr std::size_t longest_name = 253;
// More parts than a name can have: the exact value of a larger count makes no difference.
constexpr unsigned many_parts = 1000;

bool is_delimiter(char c) {
  return std::string_view(".-+,/_=").find(c) != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  canon::Result<MacroString> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c < 0x21 || c > 0x7e) return canon::Refusal{"a byte that is not visible ASCII", at_};
      if (c != '%') {
        add_literal(c);
        ++at_;
        continue;
      }
      auto refusal = read_percent();
      if (refusal) return *std::move(refusal);
    }
    return std::move(pieces_);
  }

 private:
  void add_literal(std::string_view text) {
    if (pieces_.empty() || pieces_.back().letter != 0) pieces_.emplace_back();
    pieces_.back().literal += text;
  }
  void add_literal(char c) { add_literal(std::string_view(&c, 1)); }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::optional<canon::Refusal> read_percent() {
    const std::size_t begin = at_++;
    const char kind = peek();
    ++at_;
    if (kind == '%') add_literal('%');
    if (kind == '_') add_literal(' ');
    if (kind == '-') add_literal("%20");
    if (kind == '%' || kind == '_' || kind == '-') return {};
    if (kind != '{') return canon::Refusal{"a % that begins no macro", begin};
    MacroPiece piece;
    piece.letter = canon::to_lower(peek());
    piece.url_escape = piece.letter != peek();
    if (piece.letter == '\0' || std::string_view("slodipvh").find(piece.letter) == std::string_view::npos) {
      return canon::Refusal{"a macro letter other than s, l, o, d, i, p, v and h", at_};
    }
    ++at_;
    const std::size_t digits = at_;
    for (; canon::is_digit(peek()); ++at_)
      piece.keep = std::min(many_parts, piece.keep * 10 + static_cast<unsigned>(peek() - '0'));
    if (at_ > digits && piece.keep == 0) return canon::Refusal{"a macro that keeps 0 parts", digits};
    if (canon::to_lower(peek()) == 'r') {
      piece.reverse = true;
      ++at_;
    }
    while (peek() != '\0' && is_delimiter(peek()))
      piece.delimiters += text_[at_++];
    if (peek() != '}') return canon::Refusal{"a macro without its closing brace", at_};
    ++at_;
    pieces_.push_back(std::move(piece));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  MacroString pieces_;
};

bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto allowed = [](char c) { return canon::is_alnum(c) || c == '-'; };
  return std::all_of(label.begin(), label.end(), allowed) &&
         !std::all_of(label.begin(), label.end(), canon::is_digit);
}

// Returns where the last macro ends. In "%%", the second % begins no macro.
std::size_t end_of_macros(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    i = text[i + 1] == '{' ? text.find('}', i) : i + 1;
    end = i + 1;
  }
  return end;
}

std::string value_of(const MacroPiece& piece, const MacroValues& values) {
  switch (piece.letter) {
    case 's':
      return fmt::format("{}@{}", values.sender_local, values.sender_domain);
    case 'l':
      return values.sender_local;
    case 'o':
      return values.sender_domain;
    case 'd':
      return values.domain;
    case 'i':
      return values.address.dotted();
    case 'p':
      return values.validated_name ? values.validated_name() : "unknown";
    case 'v':
      return values.address.is_v4() ? "in-addr" : "ip6";
    default:
      return values.helo;
  }
}

std::string transformed(const MacroPiece& piece, const std::string& value) {
  const std::string delimiters = piece.delimiters.empty() ? "." : piece.delimiters;
  std::vector<std::string> parts(1);
  for (const char c : value) {
    if (delimiters.find(c) != std::string::npos) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (piece.reverse) std::reverse(parts.begin(), parts.end());
  std::string out;
  const std::size_t first = piece.keep == 0 || piece.keep >= parts.size() ? 0 : parts.size() - piece.keep;
  for (std::size_t i = first; i < parts.size(); ++i)
    out += (i > first ? "." : "") + parts[i];
  return out;
}

// Escapes everything but the unreserved characters of RFC 3986 §2.3.
std::string url_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = canon::is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

canon::Result<MacroString> parse_macro_string(std::string_view text) {
  return Reader(text).read();
}

canon::Result<MacroString> parse_domain_spec(std::string_view text) {
  if (text.empty()) return canon::Refusal{"no domain", 0};
  auto pieces = parse_macro_string(text);
  if (!pieces) return pieces;
  const std::size_t literal = end_of_macros(text);
  if (literal == text.size()) return pieces;
  std::string_view tail = text.substr(literal);
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const auto dot = tail.rfind('.');
  if (dot == std::string_view::npos) return canon::Refusal{"a domain without a dot", literal};
  if (!is_top_label(tail.substr(dot + 1))) {
    return canon::Refusal{"a domain that does not end in a top-level label", literal + dot + 1};
  }
  return pieces;
}

std::string expand(const MacroString& text, const MacroValues& values) {
  std::string out;
  for (const auto& piece : text) {
    if (piece.letter == 0) {
      out += piece.literal;
      continue;
    }
    const std::string value = transformed(piece, value_of(piece, values));
    out += piece.url_escape ? url_escaped(value) : value;
  }
  return out;
}

std::string expand_domain(const MacroString& text, const MacroValues& values) {
  std::string name = expand(text, values);
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > longest_name) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) break;
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace dkim::keytool::spf
