#include "keytool/opendkim/unit_file.hpp"

#include <algorithm>
#include <optional>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view blanks = " \t\r";
// No unit has more.
constexpr std::size_t most_words = 10'000;

// Calls visit(line) for each line; one that ends in a backslash is joined with the next.
template <typename Visit>
void each_line(std::string_view text, Visit visit) {
  std::string line;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto part = trim(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.starts_with('#') || part.starts_with(';')) continue;
    const bool goes_on = part.ends_with('\\');
    if (goes_on) part.remove_suffix(1);
    line += part;
    if (goes_on) {
      line += ' ';
      continue;
    }
    visit(std::string_view(line));
    line.clear();
  }
  if (!line.empty()) visit(std::string_view(line));
}

bool is_name_character(char c) {
  return canon::is_alnum(c) || c == '_';
}

// A variable at the front of a text: its name, and the length of the whole, with $ and braces.
struct VariableUse {
  std::string name;
  std::size_t size = 0;
  bool in_braces = false;
};
std::optional<VariableUse> variable_at(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  VariableUse use{{}, 1, text.substr(1).starts_with('{')};
  if (use.in_braces) ++use.size;
  while (use.size < text.size() && is_name_character(text[use.size]))
    use.name += text[use.size++];
  if (use.name.empty()) return std::nullopt;
  if (!use.in_braces) return use;
  if (use.size >= text.size() || text[use.size] != '}') return std::nullopt;
  ++use.size;
  return use;
}

std::string value_of(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

std::string expanded(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    if (const auto use = variable_at(text)) {
      out += value_of(variables, use->name);
      text.remove_prefix(use->size);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

// $NAME as a whole word becomes as many words as its value has; ${NAME} never becomes more than one.
std::vector<std::string> expand_words(const std::vector<std::string>& words, const Variables& variables) {
  std::vector<std::string> out;
  for (const auto& word : words) {
    const auto use = variable_at(word);
    if (use && !use->in_braces && use->size == word.size()) {
      const auto values = split_words(value_of(variables, use->name));
      out.insert(out.end(), values.begin(), values.end());
    } else {
      out.push_back(expanded(word, variables));
    }
  }
  return out;
}

class ServiceReader {
 public:
  explicit ServiceReader(Sources& sources) : sources_(sources) {}

  void read(const std::filesystem::path& file) {
    bool in_service = false;
    each_line(read_words(sources_, file).text, [&](std::string_view line) {
      if (line.starts_with('[')) in_service = line == "[Service]";
      const auto equals = line.find('=');
      if (in_service && equals != std::string_view::npos)
        take(std::string(trim(line.substr(0, equals), blanks)), trim(line.substr(equals + 1), blanks), file);
    });
  }

  ServiceCommand command() {
    auto words = split_words(trim(command_.substr(command_.find_first_not_of("-:+!|@")), blanks));
    // With "@", the second word is only the process's name.
    if (command_.substr(0, command_.find('/')).find('@') != std::string::npos && words.size() > 1)
      words.erase(words.begin() + 1);
    ServiceCommand out{expand_words(words, variables_), place_, working_directory_};
    for (auto& word : out.words) {
      for (auto at = word.find('%'); at != std::string::npos; at = word.find('%', at + 1)) {
        if (word.substr(at, 2) == "%%") {
          word.erase(at, 1);
        } else {
          out.has_specifiers = true;
        }
      }
    }
    return out;
  }

  bool has_command() const { return command_.find_first_not_of("-:+!|@ ") != std::string::npos; }

 private:
  void take(const std::string& name, std::string_view value, const std::filesystem::path& file) {
    if (name == "ExecStart") {
      command_ = value;
      place_ = file;
    } else if (name == "WorkingDirectory") {
      if (value.starts_with('-')) value.remove_prefix(1);
      working_directory_ = value.starts_with('/') ? std::string(value) : "/";
    } else if (name == "Environment") {
      for (const auto& word : split_words(value)) {
        const auto equals = word.find('=');
        // A variable from an environment file comes later and wins.
        if (equals != std::string::npos) variables_.emplace(word.substr(0, equals), word.substr(equals + 1));
      }
    } else if (name == "EnvironmentFile") {
      if (value.starts_with('-')) value.remove_prefix(1);
      read_environment(std::filesystem::path(value));
    }
  }

  void read_environment(const std::filesystem::path& file) {
    try {
      each_line(read_words(sources_, file).text, [&](std::string_view line) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return;
        std::string value;
        for (const auto& word : split_words(line.substr(equals + 1)))
          value += (value.empty() ? "" : " ") + word;
        variables_[std::string(trim(line.substr(0, equals), blanks))] = value;
      });
    } catch (const crypto::StoreError&) {
      // Most units have "-" in front, which asks for this; without it the service does not start.
    }
  }

  Sources& sources_;
  Variables variables_;
  std::string command_;
  std::filesystem::path place_;
  std::string working_directory_ = "/";
};

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size() && words.size() < most_words; ++i) {
    const char c = text[i];
    if (quote == 0 && blanks.find(c) != std::string_view::npos) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

Variables parse_shell_variables(std::string_view text) {
  Variables variables;
  each_line(text, [&](std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return;
    std::string value;
    for (const auto& word : split_words(line.substr(equals + 1)))
      value += (value.empty() ? "" : " ") + word;
    variables[std::string(line.substr(0, equals))] = expanded(value, variables);
  });
  return variables;
}

ServiceCommand read_service(const std::vector<std::filesystem::path>& files, Sources& sources) {
  ServiceReader reader(sources);
  for (const auto& file : files)
    reader.read(file);
  return reader.has_command() ? reader.command() : ServiceCommand{{}, files.front()};
}

}  // namespace dkim::keytool::opendkim
