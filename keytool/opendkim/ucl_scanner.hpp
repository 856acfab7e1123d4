// Reads the words of UCL: names, texts in quotes and without, here-documents. Skips white space and comments.
//
// Never fails, whatever the bytes: what is wrong becomes a remark with its line.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

// "$NAME" and "${NAME}" are replaced if the name is here, and stay otherwise.
using UclVariables = std::map<std::string, std::string, std::less<>>;

class UclScanner {
 public:
  // All must outlive the object.
  UclScanner(std::string_view text, const std::string& file, const UclVariables& variables)
      : text_(text), file_(file), variables_(variables) {}

  char at(std::size_t offset) const { return at_ + offset < text_.size() ? text_[at_ + offset] : '\0'; }
  bool is_at_end() const { return at_ >= text_.size(); }
  std::size_t position() const { return at_; }
  std::string place() const;

  void skip(std::size_t count);
  void skip_blank();
  // Skips "(...)" on this line, if it stands here.
  void skip_parameters();
  void skip_rest() { at_ = text_.size(); }
  // Adds a remark and skips the line.
  void refuse(std::string_view what);

  bool is_at_name() const;
  bool is_at_template() const;
  // Returns whether "name {" stands here, on one line.
  bool is_at_named_section() const;
  std::string name();
  // Reads any text, with its variables replaced.
  std::string text();

  const Remarks& remarks() const { return remarks_; }
  void add_remarks(const Remarks& remarks) {
    remarks_.insert(remarks_.end(), remarks.begin(), remarks.end());
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  void skip_line();
  void skip_c_comment();
  std::string quoted();
  std::string escaped();
  std::string single_quoted();
  std::string here_document();
  std::string bare();
  std::string with_variables(const std::string& text) const;

  const std::string_view text_;
  const std::string& file_;
  const UclVariables& variables_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
