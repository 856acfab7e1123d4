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

// Simple variables whose values are known, by name ("$mydomain"), for all files of a configuration.
class PerlVariables {
 public:
  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
  // Whatever it was before, it is something else now.
  void forget(const std::string& name) { values_.erase(name); }
  // Returns nothing if the value is not known. Throws NotUnderstood, with the line, if all uses together make
  // more text than any configuration has: variables that contain each other multiply.
  std::optional<std::string> use(const std::string& name, std::size_t line);

 private:
  std::map<std::string, std::string> values_;
  std::size_t used_ = 0;  // in bytes
};

class PerlReader {
 public:
  // The text and the variables must outlive the object.
  PerlReader(std::string_view text, PerlVariables& variables)
      : words_(text), next_(words_.next()), variables_(variables) {}

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

  [[noreturn]] void fail(std::string what) const { throw NotUnderstood{next_.line, std::move(what)}; }

 private:
  std::string product();
  std::string term();
  std::string interpolated(const PerlWord& word);
  void require_end_of_value() const;

  PerlWords words_;
  PerlWord next_;
  std::size_t depth_ = 0;
  std::size_t nesting_ = 0;  // of values within values
  PerlVariables& variables_;
};

}  // namespace dkim::keytool::opendkim
