// Divides a text in Perl into words, as far as a configuration of amavisd needs it: names, variables, quoted
// texts of all kinds, numbers, signs. Skips comments, POD, here-documents and what follows __END__.
//
// Runs nothing and evaluates nothing. Never fails: whatever the bytes, the words come to an end. Where a "/"
// may begin a pattern or divide, the word before it decides, as it nearly always does in Perl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool::opendkim {

struct PerlWord {
  enum class Kind {
    end,
    name,          // dkim_key
    variable,      // $x, @x, %x, with its sign; ${x} is $x
    literal,       // '...' or q(...): what is between the quotes
    interpolated,  // "..." or qq(...): the same, with variables and escapes in it
    list,          // qw(...)
    number,
    foreign,  // a pattern, a command, a here-document: never a text that is known here
    sign,     // "(", "=>", ...
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t line = 0;

  bool is_sign(std::string_view sign) const { return kind == Kind::sign && text == sign; }
  bool is_name(std::string_view name) const { return kind == Kind::name && text == name; }
  bool is_variable(std::string_view name) const { return kind == Kind::variable && text == name; }
};

class PerlWords {
 public:
  // The text must outlive the object.
  explicit PerlWords(std::string_view text) : text_(text) {}

  // Returns the next word; `end` at the end, however often.
  PerlWord next();

  // Returns the line on which a quote begins that the text does not close; zero if there is none.
  std::size_t unclosed_line() const { return unclosed_line_; }

 private:
  using Kind = PerlWord::Kind;

  char at(std::size_t offset) const { return at_ + offset < text_.size() ? text_[at_ + offset] : '\0'; }
  std::string_view rest() const { return text_.substr(at_); }
  void skip(std::size_t count);
  void skip_line();
  void skip_blank();
  void skip_pod();
  void skip_here_documents();
  PerlWord word(Kind kind, std::string text);
  PerlWord number();
  PerlWord name_or_quote();
  PerlWord variable();
  PerlWord sign();
  bool is_here_document() const;
  PerlWord here_document();
  // Returns what is between the delimiter here and its counterpart.
  std::string delimited();
  void skip_flags();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t word_line_ = 1;
  std::size_t unclosed_line_ = 0;
  // Whether the last word can be the left side of a division.
  bool after_value_ = false;
  // The ends of the here-documents that begin after this line.
  std::vector<std::string> here_ends_;
};

}  // namespace dkim::keytool::opendkim
