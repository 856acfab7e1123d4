#include "canon/mailbox.hpp"

#include <algorithm>
#include <optional>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// atext of RFC 5322 §3.2.3 with the non-ASCII of RFC 6532 §3.2.
bool is_atext(char c) {
  constexpr std::string_view punctuation = "!#$%&'*+-/=?^_`{|}~";
  return is_alnum(c) || !is_ascii(c) || punctuation.find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Mailbox>> mailboxes();

 private:
  // A run of words and dots: a display name or a local part, depending on what follows.
  struct Words {
    std::string joined;          // the text as a local part
    bool is_local_part = false;  // word *( "." word ): dots exactly between words
    bool empty = true;
  };

  bool address(bool in_group);
  bool angle_address();
  bool address_after(const Words& words);
  std::optional<Words> words();
  std::optional<std::string> quoted_string();
  std::optional<std::string> domain();
  std::optional<std::string> domain_literal();
  bool route();
  bool skip_cfws();
  bool comment();

  bool at_end() const { return at_ == text_.size(); }
  bool next_is(char c) const { return !at_end() && text_[at_] == c; }
  bool skip(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  bool refuse(std::string_view reason) {
    if (!refusal_) refusal_ = Refusal{std::string(reason), at_};
    return false;
  }
  std::nullopt_t refuse_text(std::string_view reason) {
    refuse(reason);
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Mailbox> found_;
  std::optional<Refusal> refusal_;
};

// Reads an address-list; empty elements are allowed (obs-addr-list).
Result<std::vector<Mailbox>> Parser::mailboxes() {
  bool in_group = false;
  while (skip_cfws() && !at_end()) {
    if (skip(',')) continue;
    if (in_group && skip(';')) {
      in_group = false;
    } else {
      const std::size_t known = found_.size();
      if (!address(in_group)) break;
      // It was not a mailbox but a group's name: the members follow, up to ";".
      if (found_.size() == known && skip(':')) {
        in_group = true;
        continue;
      }
    }
    if (!skip_cfws()) break;
    if (!at_end() && !next_is(',') && !(in_group && next_is(';'))) {
      refuse("something other than a comma after an address");
      break;
    }
  }
  if (!refusal_ && in_group) refuse("a group without its ;");
  if (!refusal_ && found_.empty()) refuse("no address");
  if (refusal_) return *refusal_;
  return std::move(found_);
}

// Reads an address, or the name of a group up to its colon, which is left to the caller.
bool Parser::address(bool in_group) {
  if (next_is('<')) return angle_address();
  const auto name = words();
  if (!name) return false;
  if (next_is('<')) return angle_address();
  if (next_is('@')) return address_after(*name);
  if (next_is(':') && !in_group && !name->empty) return true;
  return refuse(name->empty ? "a character that begins no address" : "an address without a domain");
}

bool Parser::angle_address() {
  skip('<');
  if (!skip_cfws() || !route()) return false;
  const auto local = words();
  if (!local || !address_after(*local)) return false;
  return skip('>') || refuse("an address without its closing >");
}

// Reads the @ and the domain after a local part.
bool Parser::address_after(const Words& words) {
  if (!words.is_local_part) return refuse("not a local part before the @");
  if (!skip('@')) return refuse("an address without @");
  auto name = domain();
  if (!name) return false;
  found_.push_back({words.joined, *std::move(name)});
  return true;
}

// Reads a phrase or local-part with any white space and comments in it.
std::optional<Parser::Words> Parser::words() {
  Words out;
  bool last_was_word = false;
  bool regular = true;
  while (skip_cfws() && !at_end()) {
    if (next_is('.')) {
      regular = regular && last_was_word;
      last_was_word = false;
      out.joined += text_[at_++];
    } else if (next_is('"')) {
      regular = regular && !last_was_word;
      last_was_word = true;
      const auto text = quoted_string();
      if (!text) return std::nullopt;
      out.joined += *text;
    } else if (is_atext(text_[at_])) {
      regular = regular && !last_was_word;
      last_was_word = true;
      while (!at_end() && is_atext(text_[at_]))
        out.joined += text_[at_++];
    } else {
      break;
    }
    out.empty = false;
  }
  if (refusal_) return std::nullopt;
  out.is_local_part = regular && last_was_word;
  return out;
}

// Reads a quoted string and returns it without its quotes.
std::optional<std::string> Parser::quoted_string() {
  std::string out;
  skip('"');
  while (!at_end()) {
    const char c = text_[at_++];
    if (c == '"') return out;
    if (c == '\\' && !at_end()) {
      out += text_[at_++];
    } else if (c != '\r' && c != '\n') {  // a fold is dropped, its white space stays
      out += c;
    }
  }
  return refuse_text("a quoted string without its end");
}

// Reads a dot-atom, an obs-domain or a literal.
std::optional<std::string> Parser::domain() {
  if (!skip_cfws()) return std::nullopt;
  if (next_is('[')) {
    auto literal = domain_literal();
    if (!literal || !skip_cfws()) return std::nullopt;
    return literal;
  }
  std::string out;
  while (true) {
    const std::size_t start = at_;
    while (!at_end() && is_atext(text_[at_]))
      ++at_;
    if (at_ == start) return refuse_text("not a domain after the @");
    out += text_.substr(start, at_ - start);
    if (!skip_cfws()) return std::nullopt;
    if (!skip('.')) return out;
    out += '.';
    if (!skip_cfws()) return std::nullopt;
  }
}

std::optional<std::string> Parser::domain_literal() {
  const std::size_t start = at_;
  skip('[');
  while (!at_end() && !next_is('[')) {
    const char c = text_[at_++];
    if (c == '\\' && !at_end()) {  // obs-dtext: a quoted pair, whose second byte may be the ]
      ++at_;
    } else if (c == ']') {
      return std::string(text_.substr(start, at_ - start));
    }
  }
  at_ = start;
  return refuse_text("a domain literal without its ]");
}

// Skips an obs-route, "@a,@b:" before the address itself.
bool Parser::route() {
  if (!next_is('@') && !next_is(',')) return true;
  while (skip(',')) {
    if (!skip_cfws()) return false;
  }
  if (!skip('@')) return refuse("a route without a domain");
  if (!domain()) return false;
  while (skip(',')) {
    if (!skip_cfws()) return false;
    if (skip('@') && !domain()) return false;
  }
  return skip(':') || refuse("a route without its colon");
}

bool Parser::skip_cfws() {
  while (!at_end()) {
    if (is_fws(text_[at_])) {
      ++at_;
    } else if (next_is('(')) {
      if (!comment()) return false;
    } else {
      break;
    }
  }
  return true;
}

// Skips a comment. Comments nest; it counts instead of recursing, because the sender chooses the depth.
bool Parser::comment() {
  std::size_t depth = 0;
  while (!at_end()) {
    const char c = text_[at_++];
    if (c == '\\' && !at_end()) {
      ++at_;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return true;
    }
  }
  return refuse("a comment without its end");
}

}  // namespace

Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value) {
  return Parser(value).mailboxes();
}

}  // namespace dkim::canon
