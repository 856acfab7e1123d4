#include "keytool/opendkim/unit_file.hpp"

#include <algorithm>
#include <optional>

#include "crypto/error.hpp"
#include "keytool/opendkim/unit_words.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view blanks = " \t\r";

// Returns what a specifier stands for, as far as that follows from the unit's name or is the same on every
// system (systemd.unit(5)).
std::optional<std::string> specifier(char letter, const std::string& unit) {
  const auto stem = unit.substr(0, unit.rfind('.'));
  const auto at = stem.find('@');
  const auto prefix = stem.substr(0, at);
  const auto instance = at == std::string::npos ? std::string() : stem.substr(at + 1);
  switch (letter) {
    case '%':
      return "%";
    case 'n':
      return unit;
    case 'N':
      return stem;
    case 'p':
      return prefix;
    case 'j':
      return prefix.substr(prefix.rfind('-') + 1);
    case 'i':
      // A template that was named without an instance.
      return at != std::string::npos && instance.empty() ? std::nullopt : std::optional(instance);
    case 'E':
      return "/etc";
    case 'L':
      return "/var/log";
    case 'S':
      return "/var/lib";
    case 'C':
      return "/var/cache";
    case 't':
      return "/run";
    case 'T':
      return "/tmp";
    case 'V':
      return "/var/tmp";
    default:
      return std::nullopt;
  }
}

class ServiceReader {
 public:
  ServiceReader(std::string unit, Sources& sources) : unit_(std::move(unit)), sources_(sources) {}

  void read(const std::filesystem::path& file) {
    bool in_service = false;
    for (const auto& line : unit_lines(read_words(sources_, file).text)) {
      if (line.starts_with('[')) in_service = line == "[Service]";
      const auto equals = line.find('=');
      if (in_service && equals != std::string::npos) {
        const std::string_view text = line;
        take(std::string(trim(text.substr(0, equals), blanks)), trim(text.substr(equals + 1), blanks), file);
      }
    }
  }

  ServiceCommand command() {
    auto words = split_unit_words(trim(command_.substr(command_.find_first_not_of("-:+!|@")), blanks));
    // With "@", the second word is only the process's name.
    if (command_.substr(0, command_.find('/')).find('@') != std::string::npos && words.size() > 1)
      words.erase(words.begin() + 1);
    ServiceCommand out{{}, place_, working_directory_};
    out.has_other_root = has_other_root_;
    out.unread = unread_;
    // Specifiers come first: what a variable contains is not looked at.
    for (auto& word : words)
      word = with_specifiers(word, out);
    out.words = with_unit_variables(words, all_variables());
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
      // An empty value forgets the earlier ones.
      if (value.empty()) variables_.clear();
      for (const auto& word : split_unit_words(value)) {
        const auto equals = word.find('=');
        if (equals != std::string::npos) variables_[word.substr(0, equals)] = word.substr(equals + 1);
      }
    } else if (name == "EnvironmentFile") {
      if (value.empty()) file_variables_.clear();
      if (value.starts_with('-')) value.remove_prefix(1);
      read_environment(std::filesystem::path(value));
    } else if (name == "RootDirectory" || name == "RootImage") {
      has_other_root_ = !value.empty() && value != "/";
    }
  }

  void read_environment(const std::filesystem::path& file) {
    try {
      for (auto& [name, value] : parse_environment_file(read_words(sources_, file).text))
        file_variables_[name] = value;
    } catch (const crypto::StoreError& error) {
      // Most units have "-" in front, which asks for this; without it the service does not start.
      if (sources_.entry_at(file) != Sources::Entry::none) unread_.emplace_back(error.what());
    }
  }

  // A variable from an environment file wins.
  Variables all_variables() const {
    Variables all = file_variables_;
    all.insert(variables_.begin(), variables_.end());
    return all;
  }

  std::string with_specifiers(std::string_view word, ServiceCommand& command) const {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] != '%' || i + 1 >= word.size()) {
        out += word[i];
      } else if (const auto value = specifier(word[i + 1], unit_)) {
        out += *value;
        ++i;
      } else {
        command.has_specifiers = true;
        out += word[i];
      }
    }
    return out;
  }

  const std::string unit_;
  Sources& sources_;
  Variables variables_;       // of Environment
  Variables file_variables_;  // of EnvironmentFile
  std::string command_;
  std::filesystem::path place_;
  std::string working_directory_ = "/";
  bool has_other_root_ = false;
  std::vector<std::string> unread_;
};

}  // namespace

ServiceCommand read_service(const std::vector<std::filesystem::path>& files, Sources& sources) {
  ServiceReader reader(files.front().filename().string(), sources);
  for (const auto& file : files)
    reader.read(file);
  return reader.has_command() ? reader.command() : ServiceCommand{{}, files.front()};
}

}  // namespace dkim::keytool::opendkim
