// Reads values from a text in Perl: texts and numbers as they stand there, joined by ".", multiplied by "*",
// and variables whose values are known. Runs nothing.
//
// An expression that is more than this throws NotUnderstood; the caller says so in a remark and goes on
// behind it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/opendkim/perl_words.hpp"

namespace dkim::keytool::opendkim {

// What is thrown for an expression that is not read. The words are ours, and safe to show.
struct NotUnderstood {
  std::size_t line = 0;
  std::string what;
};

class PerlReader {
 public:
  // The text must outlive the object.
  explicit PerlReader(std::string_view text) : words_(text), next_(words_.next()) {}

  const PerlWord& peek() const { return next_; }
  PerlWord take();
  bool take_if(std::string_view sign);
  // Throws NotUnderstood if the next word is not this sign.
  void expect(std::string_view sign);
  // A comma, or "=>", which is the same.
  bool take_comma() { return take_if(",") || take_if("=>"); }

  // Returns how many brackets are open.
  std::size_t depth() const { return depth_; }
  std::size_t unclosed_line() const { return words_.unclosed_line(); }

  // Reads one value, up to a comma, a closing bracket or the end of the statement. Throws NotUnderstood.
  std::string scalar();
  // Reads "qw(a b)", "(a, b)" or a single value. Throws NotUnderstood.
  std::vector<std::string> list();

  // By name, "$x". A variable with an unknown value has none.
  void set_variable(const std::string& name, std::string value) { variables_[name] = std::move(value); }
  void forget_variable(const std::string& name) { variables_.erase(name); }
  std::optional<std::string> variable(const std::string& name) const;

  [[noreturn]] void fail(std::string what) const { throw NotUnderstood{next_.line, std::move(what)}; }

 private:
  std::string product();
  std::string term();
  std::string interpolated(const PerlWord& word) const;
  void require_end_of_value() const;

  PerlWords words_;
  PerlWord next_;
  std::size_t depth_ = 0;
  std::size_t nesting_ = 0;  // of values within values
  std::map<std::string, std::string> variables_;
};

}  // namespace dkim::keytool::opendkim
