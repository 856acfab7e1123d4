#include "keytool/opendkim/amavis_statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/perl_reader.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Kind = PerlWord::Kind;

constexpr std::string_view key_function = "dkim_key";
constexpr std::string_view options_list = "@dkim_signature_options_bysender_maps";

// Variables that decide whose mail is signed.
constexpr std::array switches{"$enable_dkim_signing", "$originating", "$dkim_signing_service"};

bool is_about_signing(const PerlWord& word) {
  // In a policy bank the list has no @, in a reference to it there is one.
  return word.is_name(key_function) || word.is_variable(options_list) || word.is_name(options_list.substr(1));
}

// These statements end with their block, and not with a semicolon.
bool begins_block(const PerlWord& word) {
  constexpr std::array names{"sub",     "if",   "unless", "while", "until", "for",
                             "foreach", "else", "elsif",  "BEGIN", "END",   "package"};
  return word.is_sign("{") ||
         std::any_of(names.begin(), names.end(), [&](const char* name) { return word.is_name(name); });
}

class FileReader {
 public:
  FileReader(AmavisConf& conf, PerlVariables& variables, std::string file, std::string_view text,
             const IncludeFile& include)
      : conf_(conf),
        variables_(variables),
        include_(include),
        file_(std::move(file)),
        text_(text),
        reader_(text, variables),
        tables_(reader_, file_) {}

  void read() {
    while (reader_.peek().kind != Kind::end)
      statement();
    conf_.remarks.insert(conf_.remarks.end(), tables_.remarks().begin(), tables_.remarks().end());
    name_what_was_passed_over();
  }

 private:
  std::string place(std::size_t line) const { return fmt::format("{}:{}", file_, line); }

  void lose(std::size_t line, const std::string& what) {
    conf_.remarks.push_back(unsigned_mail(place(line), what));
  }

  void statement() {
    const auto first = reader_.peek();
    try {
      if (first.is_name("my") || first.is_name("our") || first.is_name("local")) {
        reader_.take();
      } else if (first.is_name(key_function)) {
        seen_.insert(first.line);
        key();
      } else if (first.is_name("push")) {
        push();
      } else if (first.is_name("include_config_files") || first.is_name("include_optional_config_files") ||
                 first.is_name("do")) {
        include_files();
      } else if (first.kind == Kind::variable) {
        assignment();
      } else {
        skip_statement();
      }
    } catch (const NotUnderstood& problem) {
      if (is_key_statement_) {
        lose(first.line, fmt::format("dkim_key: {}: this key is not taken", problem.what));
      } else if (is_options_statement_) {
        conf_.remarks.push_back(signed_otherwise(
            place(problem.line),
            fmt::format("{}: {}: the rest of it is not taken", options_list.substr(1), problem.what)));
      } else if (is_networks_statement_) {
        lose(problem.line, fmt::format("@mynetworks: {}: it is not taken", problem.what));
      }
      skip_statement();
    }
    is_key_statement_ = is_options_statement_ = is_networks_statement_ = false;
  }

  void end_statement() {
    if (reader_.peek().kind == Kind::end || reader_.take_if(";")) return;
    reader_.fail("more than the call or the assignment itself stands in the statement");
  }

  // Goes behind the statement, whatever it is. Whoever has begun to read it may be inside of brackets.
  void skip_statement() {
    const bool is_block = reader_.depth() == 0 && begins_block(reader_.peek());
    std::string variable;  // the last one, with at most two signs behind it
    int signs = 0;
    while (reader_.peek().kind != Kind::end) {
      const auto word = reader_.take();
      if (is_about_signing(word)) pass_over(word);
      if (word.kind == Kind::variable) {
        variable = word.text;
        signs = 0;
      } else if (word.is_sign("=") && !variable.empty()) {
        forget(variable);
      } else if (word.kind != Kind::sign || ++signs > 2) {
        variable.clear();
      }
      if (reader_.depth() > 0) continue;
      if (word.is_sign(";") || (is_block && word.is_sign("}"))) return;
    }
  }

  void pass_over(const PerlWord& word) {
    if (!seen_.insert(word.line).second) return;
    if (word.is_name(key_function)) {
      lose(word.line,
           "dkim_key stands in a block or a larger expression, which import does not evaluate: this key is "
           "not "
           "taken");
    } else {
      conf_.remarks.push_back(signed_otherwise(
          place(word.line), fmt::format("{} stands in a block or a larger expression, which import does not "
                                        "evaluate",
                                        options_list.substr(1))));
    }
  }

  // Finds lines about signing that were never words, in case a quote was misread.
  void name_what_was_passed_over() {
    std::size_t number = 0;
    for (auto rest = text_; !rest.empty();) {
      ++number;
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto line = canon::trim_fws(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const bool is_about = line.starts_with(key_function) || line.starts_with(options_list);
      if (!is_about || seen_.find(number) != seen_.end()) continue;
      if (reader_.unclosed_line() == 0) {
        conf_.remarks.push_back(note(
            place(number), "skipped: it stands in POD, a quoted text or a here-document, or behind __END__"));
      } else {
        lose(number,
             fmt::format("not read: the quote that begins in line {} does not end", reader_.unclosed_line()));
      }
    }
  }

  void forget(const std::string& name) {
    variables_.forget(name);
    conf_.switches.erase(name);
  }

  void key() {
    is_key_statement_ = true;
    AmavisKey found{{}, {}, {}, {}, place(reader_.take().line)};
    const bool in_brackets = reader_.take_if("(");
    found.domain = reader_.scalar();
    reader_.take_comma();
    found.selector = reader_.scalar();
    reader_.take_comma();
    found.file = reader_.scalar();
    while (reader_.take_comma() && reader_.peek().kind != Kind::end && !reader_.peek().is_sign(")") &&
           !reader_.peek().is_sign(";"))
      found.options.insert(tables_.option());
    if (in_brackets) reader_.expect(")");
    end_statement();
    conf_.keys.push_back(std::move(found));
  }

  void push() {
    reader_.take();
    const bool in_brackets = reader_.take_if("(");
    const bool is_options = reader_.peek().is_variable(options_list);
    const bool is_networks = reader_.peek().is_variable("@mynetworks");
    if (!is_options && !is_networks) return skip_statement();
    const auto line = reader_.take().line;
    reader_.take_comma();
    if (is_networks) {
      is_networks_statement_ = true;
      reader_.fail("push adds to a list of networks");
    }
    is_options_statement_ = true;
    seen_.insert(line);
    do
      conf_.tables.push_back(tables_.table());
    while (reader_.take_comma() && !reader_.peek().is_sign(")"));
    if (in_brackets) reader_.expect(")");
    end_statement();
  }

  void assignment() {
    const auto variable = reader_.take();
    if (variable.text == "$signed_header_fields" && reader_.peek().is_sign("{")) return signed_field();
    if (variable.text == options_list) {
      is_options_statement_ = true;
      seen_.insert(variable.line);
      reader_.expect("=");
      conf_.tables.clear();
      return tables();
    }
    if (variable.text == "%signed_header_fields") {
      conf_.remarks.push_back(
          signed_otherwise(place(variable.line), "%signed_header_fields is set as a whole: it is not taken"));
      return skip_statement();
    }
    if (!reader_.take_if("=")) {
      forget(variable.text);
      return skip_statement();
    }
    if (variable.text == "@mynetworks") return networks();
    // Whatever it was before, it is something else now.
    forget(variable.text);
    if (!variable.text.starts_with('$')) return skip_statement();
    const auto line = reader_.peek().line;
    auto value = reader_.scalar();
    end_statement();
    if (std::find(switches.begin(), switches.end(), variable.text) != switches.end())
      conf_.switches[variable.text] = {value, place(line)};
    variables_.set(variable.text, std::move(value));
  }

  void networks() {
    is_networks_statement_ = true;
    const auto line = reader_.peek().line;
    std::vector<DataEntry> found;
    for (auto& network : reader_.list())
      found.push_back({std::move(network), {}, place(line)});
    end_statement();
    conf_.networks = std::move(found);
  }

  void signed_field() {
    const auto line = reader_.peek().line;
    reader_.expect("{");
    const auto name = reader_.peek().kind == Kind::name && reader_.peek().text != "lc" ? reader_.take().text
                                                                                       : reader_.scalar();
    reader_.expect("}");
    reader_.expect("=");
    conf_.signed_fields[canon::lower_case(name)] = {reader_.scalar(), place(line)};
    end_statement();
  }

  void tables() {
    reader_.expect("(");
    while (!reader_.peek().is_sign(")") && reader_.peek().kind != Kind::end) {
      conf_.tables.push_back(tables_.table());
      if (!reader_.take_comma()) break;
    }
    reader_.expect(")");
    end_statement();
  }

  void include_files() {
    const auto line = reader_.take().line;
    const auto files = reader_.list();
    end_statement();
    for (const auto& file : files)
      include_(file, place(line));
  }

  AmavisConf& conf_;
  PerlVariables& variables_;
  const IncludeFile& include_;
  const std::string file_;
  const std::string_view text_;
  PerlReader reader_;
  AmavisTables tables_;
  std::set<std::size_t> seen_;  // lines about signing that were read or remarked on
  bool is_key_statement_ = false;
  bool is_options_statement_ = false;
  bool is_networks_statement_ = false;
};

}  // namespace

void read_amavis_statements(std::string_view text, const std::string& file, AmavisConf& conf,
                            PerlVariables& variables, const IncludeFile& include) {
  FileReader(conf, variables, file, text, include).read();
}

}  // namespace dkim::keytool::opendkim
