#include "keytool/doctor/postfix/header_check_rules.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

// Joins continued lines; drops comments and empty lines.
std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto words = canon::trim_fws(line);
    if (words.empty() || words.front() == '#') continue;
    if (canon::is_wsp(line.front()) && !lines.empty()) {
      lines.back() += " " + std::string(words);
    } else {
      lines.emplace_back(words);
    }
  }
  return lines;
}

struct Rule {
  std::string pattern;
  std::string flags;
  std::string action;
};

// "/pattern/flags ACTION ..."; not "if", "endif" and "!/pattern/".
std::optional<Rule> parse_rule(std::string_view line) {
  const char delimiter = line.front();
  if (canon::is_alnum(delimiter) || delimiter == '!') return std::nullopt;
  std::size_t end = 1;
  while (end < line.size() && line[end] != delimiter)
    end += line[end] == '\\' ? 2 : 1;
  if (end >= line.size()) return std::nullopt;
  Rule rule{std::string(line.substr(1, end - 1)), {}, {}};
  auto rest = line.substr(end + 1);
  const auto action = std::min(rest.find_first_of(" \t"), rest.size());
  rule.flags = rest.substr(0, action);
  rest = canon::trim_fws(rest.substr(action));
  rule.action = canon::lower_case(rest.substr(0, rest.find_first_of(" \t")));
  return rule;
}

// Returns the field names that a pattern begins with, in lower case: "^Received:" or
// "^(X-Mailer|User-Agent):". Empty for other patterns, which could match anything.
std::vector<std::string> fields_of(std::string_view pattern) {
  const auto colon = pattern.find(':');
  if (!pattern.starts_with('^') || colon == std::string_view::npos) return {};
  auto names = pattern.substr(1, colon - 1);
  if (names.size() > 2 && names.front() == '(' && names.back() == ')') {
    names = names.substr(1, names.size() - 2);
  } else if (names.find('|') != std::string_view::npos) {
    return {};
  }
  // An alternative after the names would match on its own.
  if (pattern.substr(colon).find('|') != std::string_view::npos) return {};
  std::vector<std::string> fields;
  while (true) {
    const auto end = names.find('|');
    const auto name = names.substr(0, end);
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(),
                                                    [](char c) { return canon::is_alnum(c) || c == '-'; });
    if (!plain) return {};
    fields.push_back(canon::lower_case(name));
    if (end == std::string_view::npos) return fields;
    names.remove_prefix(end + 1);
  }
}

bool is_harmless(std::string_view line, const std::function<bool(std::string_view)>& is_signed) {
  const auto rule = parse_rule(line);
  if (!rule) return false;
  for (const auto* action : {"dunno", "info", "warn", "pass"}) {
    if (rule->action == action) return true;
  }
  if (rule->action != "ignore" && rule->action != "strip") return false;
  // Other flags change what "^" means.
  if (!rule->flags.empty() && rule->flags != "i") return false;
  const auto fields = fields_of(rule->pattern);
  return !fields.empty() && std::none_of(fields.begin(), fields.end(), is_signed);
}

}  // namespace

bool leaves_signed_fields(std::string_view table, const std::function<bool(std::string_view)>& is_signed) {
  const auto lines = logical_lines(table);
  return std::all_of(lines.begin(), lines.end(),
                     [&](const auto& line) { return is_harmless(line, is_signed); });
}

}  // namespace dkim::keytool
