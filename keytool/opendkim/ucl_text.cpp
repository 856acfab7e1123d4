#include "keytool/opendkim/ucl_text.hpp"

#include <utility>

namespace dkim::keytool::opendkim {
namespace {

using Kind = UclValue::Kind;

// No configuration has more.
constexpr std::size_t deepest_section = 50;
constexpr std::size_t most_values = 2'000'000;

constexpr std::string_view no_template =
    "a template is not evaluated: write what it results in, or import what rspamadm configdump -j prints";

class Parser {
 public:
  Parser(std::string_view text, const std::string& file, const UclContext& context)
      : file_(file), context_(context), in_(text, file, context.variables) {}

  UclFile parse() {
    UclFile parsed{{Kind::section, {}, {}, {}, file_}, {}};
    in_.skip_blank();
    // JSON has braces around all of it.
    if (in_.at(0) == '{' && !in_.is_at_template()) {
      in_.skip(1);
      read_members(parsed.root, Ends::with_brace);
    }
    read_members(parsed.root, Ends::with_text);
    parsed.remarks = in_.remarks();
    return parsed;
  }

 private:
  enum class Ends { with_text, with_brace };

  void count_value() {
    if (++*context_.values <= most_values) return;
    in_.refuse("more settings than any configuration has: the rest is not read");
    in_.skip_rest();
  }

  void read_members(UclValue& section, Ends ends) {
    ++depth_;
    while (true) {
      in_.skip_blank();
      if (in_.is_at_end()) {
        if (ends == Ends::with_brace) in_.refuse("the file ends within a section");
        break;
      }
      if (in_.at(0) == '}' && ends == Ends::with_brace) {
        in_.skip(1);
        break;
      }
      if (in_.at(0) == ';' || in_.at(0) == ',') {
        in_.skip(1);
      } else if (in_.at(0) == '.') {
        read_macro(section);
      } else if (in_.is_at_template()) {
        in_.refuse(no_template);
      } else if (in_.is_at_name()) {
        read_member(section);
      } else {
        in_.refuse("that is not UCL; rspamd does not start with it");
        in_.skip(1);
      }
      count_value();
    }
    --depth_;
  }

  void read_member(UclValue& section) {
    const auto begin = in_.place();
    const auto name = in_.name();
    in_.skip_blank();
    const bool has_sign = in_.at(0) == '=' || in_.at(0) == ':';
    if (has_sign) {
      in_.skip(1);
      in_.skip_blank();
    }
    UclValue value{Kind::section, {}, {}, {}, begin};
    // "domain a.example { }" is "domain { a.example { } }".
    if (!has_sign && in_.at(0) != '{' && depth_ < deepest_section && in_.is_at_named_section()) {
      ++depth_;
      read_member(value);
      --depth_;
    } else {
      value = read_value();
      value.place = begin;
    }
    if (context_.sections == UclSections::joined) {
      section.add(name, std::move(value));
    } else {
      section.members[name].push_back(std::move(value));
    }
  }

  UclValue read_value() {
    UclValue value{Kind::text, {}, {}, {}, in_.place()};
    if (in_.is_at_template()) {
      in_.refuse(no_template);
    } else if (in_.at(0) != '{' && in_.at(0) != '[') {
      value.is_quoted = in_.at(0) == '"' || in_.at(0) == '\'';
      value.text = in_.text();
    } else if (depth_ >= deepest_section) {
      in_.refuse("sections within sections, deeper than any configuration has: the rest is not read");
      in_.skip_rest();
    } else if (in_.at(0) == '{') {
      value.kind = Kind::section;
      in_.skip(1);
      read_members(value, Ends::with_brace);
    } else {
      value.kind = Kind::list;
      in_.skip(1);
      read_items(value);
    }
    return value;
  }

  void read_items(UclValue& list) {
    ++depth_;
    while (true) {
      in_.skip_blank();
      if (in_.is_at_end()) {
        in_.refuse("the file ends within a list");
        break;
      }
      if (in_.at(0) == ']') {
        in_.skip(1);
        break;
      }
      if (in_.at(0) == ',' || in_.at(0) == ';') {
        in_.skip(1);
        continue;
      }
      const auto before = in_.position();
      list.items.push_back(read_value());
      if (in_.position() == before) {
        in_.refuse("that is not an element of a list");
        in_.skip(1);
      }
      count_value();
    }
    --depth_;
  }

  void read_macro(UclValue& section) {
    const auto begin = in_.place();
    in_.skip(1);
    const auto name = in_.name();
    in_.skip_blank();
    in_.skip_parameters();
    in_.skip_blank();
    if ((name != "include" && name != "try_include") || (in_.at(0) != '"' && in_.at(0) != '\''))
      return in_.refuse("a macro other than .include is not evaluated");
    auto included = context_.include(in_.text(), begin);
    in_.add_remarks(included.remarks);
    section = merged(std::move(section), included.root);
  }

  const std::string& file_;
  const UclContext& context_;
  UclScanner in_;
  std::size_t depth_ = 0;
};

}  // namespace

UclFile parse_ucl(std::string_view text, const std::string& file, const UclContext& context) {
  return Parser(text, file, context).parse();
}

}  // namespace dkim::keytool::opendkim
