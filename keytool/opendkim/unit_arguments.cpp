#include "keytool/opendkim/unit_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "crypto/error.hpp"
#include "keytool/opendkim/shown_word.hpp"
#include "keytool/opendkim/unit_file.hpp"
#include "keytool/opendkim/unit_words.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view service_name = "opendkim.service";
constexpr std::string_view default_file = "/etc/default/opendkim";
// Listed in the order of precedence that systemd has.
constexpr std::array<std::string_view, 5> unit_directories{"/etc/systemd/system", "/run/systemd/system",
                                                           "/usr/local/lib/systemd/system",
                                                           "/usr/lib/systemd/system", "/lib/systemd/system"};

enum class Value { none, required };

struct Option {
  char letter;
  std::string_view setting;  // empty: it does not affect how the service signs
  Value value;
};

// getopt's "Ab:c:d:De:fF:k:lL:no:p:P:qQrs:S:t:T:u:vVWx:X".
constexpr std::array options{
    Option{'A', "AutoRestart", Value::none},
    Option{'b', "Mode", Value::required},
    Option{'c', "Canonicalization", Value::required},
    Option{'d', "Domain", Value::required},
    Option{'D', "SubDomains", Value::none},
    Option{'e', "", Value::required},
    Option{'f', "Background", Value::none},
    Option{'F', "", Value::required},
    Option{'k', "KeyFile", Value::required},
    Option{'l', "Syslog", Value::none},
    Option{'L', "Minimum", Value::required},
    Option{'n', "", Value::none},
    Option{'o', "OmitHeaders", Value::required},
    Option{'p', "Socket", Value::required},
    Option{'P', "PidFile", Value::required},
    Option{'q', "Quarantine", Value::none},
    Option{'Q', "", Value::none},
    Option{'r', "RequiredHeaders", Value::none},
    Option{'s', "Selector", Value::required},
    Option{'S', "SignatureAlgorithm", Value::required},
    Option{'t', "", Value::required},
    Option{'T', "DNSTimeout", Value::required},
    Option{'u', "UserID", Value::required},
    Option{'v', "", Value::none},
    Option{'V', "", Value::none},
    Option{'W', "LogWhy", Value::none},
    Option{'x', "", Value::required},
    Option{'X', "", Value::none},
};

void add_option(UnitArguments& arguments, const Option& option, const std::string& value,
                const std::string& place) {
  if (option.letter == 'x') {
    arguments.configuration = (arguments.working_directory / value).lexically_normal();
    arguments.names_configuration = true;
  } else if (!option.setting.empty()) {
    arguments.settings.push_back({std::string(option.setting),
                                  option.value == Value::required ? value
                                  : option.letter == 'f'          ? "no"
                                                                  : "yes",
                                  place, fmt::format("-{}", option.letter)});
  }
}

UnitArguments arguments_of(const std::vector<std::string>& words, const std::string& place,
                           const std::filesystem::path& working_directory) {
  UnitArguments arguments;
  arguments.working_directory = working_directory;
  const auto refuse = [&](const std::string& what) {
    arguments.remarks.push_back(not_taken(place, fmt::format("{}; opendkim does not start with it", what)));
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (!word.starts_with('-') || word.size() < 2) {
      refuse(fmt::format("opendkim has no argument {}", shown_word(word)));
      continue;
    }
    for (word.remove_prefix(1); !word.empty();) {
      const auto* const option = std::find_if(
          options.begin(), options.end(), [&](const Option& known) { return known.letter == word.front(); });
      if (option == options.end()) {
        refuse(fmt::format("opendkim has no option {}", shown_word(words[i])));
        break;
      }
      word.remove_prefix(1);
      std::string value;
      if (option->value == Value::required) {
        value = word.empty() && i + 1 < words.size() ? words[++i] : std::string(word);
        word = {};
        if (value.empty()) {
          refuse(fmt::format("the option -{} has no value", option->letter));
          break;
        }
      }
      add_option(arguments, *option, value, place);
    }
  }
  return arguments;
}

UnitArguments arguments_of(const ServiceCommand& command) {
  const std::string place = command.place.string();
  if (command.words.empty()) {
    UnitArguments none;
    none.remarks.push_back(not_taken(place, "the unit starts nothing"));
    return none;
  }
  if (std::filesystem::path(command.words.front()).filename() != "opendkim") {
    UnitArguments none;
    none.remarks.push_back(signed_otherwise(
        place,
        "the unit starts another program, which may start opendkim with arguments; these override the "
        "configuration, and are not known here"));
    return none;
  }
  auto arguments = arguments_of(command.words, place, command.working_directory);
  if (command.has_specifiers) {
    arguments.remarks.push_back(signed_otherwise(
        place,
        "an argument of opendkim has a specifier of systemd's, such as %h, whose value is not "
        "known here"));
  }
  for (const auto& why : command.unread) {
    arguments.remarks.push_back(signed_otherwise(
        place, fmt::format("EnvironmentFile: {}; arguments that come from it are not known here", why)));
  }
  if (command.has_other_root) {
    arguments.remarks.push_back(
        not_taken(place, "RootDirectory: paths are taken as they are, not below another root"));
  }
  return arguments;
}

// Returns the names of the directories with a unit's drop-ins: its own, and for an instance the template's.
std::vector<std::string> drop_in_names(const std::string& unit) {
  std::vector<std::string> names{unit + ".d"};
  if (const auto at = unit.find('@'); at != std::string::npos)
    names.push_back(unit.substr(0, at + 1) + ".service.d");
  return names;
}

// systemd takes the drop-ins of all directories, sorted by name. For each name the first directory wins, even
// if all that it has is a link to /dev/null.
std::vector<std::filesystem::path> drop_ins(const std::string& unit, Sources& sources) {
  using Entry = Sources::Entry;
  std::map<std::string, std::filesystem::path> found;
  for (const auto& directory_name : drop_in_names(unit)) {
    for (const auto directory : unit_directories) {
      const auto drop_in = std::filesystem::path(directory) / directory_name;
      if (sources.entry_at(drop_in) != Entry::directory) continue;
      for (const auto& name : sources.names_in(drop_in)) {
        if (name.ends_with(".conf")) found.emplace(name, drop_in / name);
      }
    }
  }
  std::vector<std::filesystem::path> files;
  for (const auto& [name, path] : found) {
    if (sources.entry_at(path) == Entry::file) files.push_back(path);
  }
  return files;
}

// Returns a unit with the drop-ins that systemd would add: only to units in its own directories.
std::vector<std::filesystem::path> unit_files(const std::filesystem::path& unit, Sources& sources) {
  std::vector<std::filesystem::path> files{unit};
  const auto parent = std::filesystem::absolute(unit).lexically_normal().parent_path();
  if (std::find(unit_directories.begin(), unit_directories.end(), parent.string()) == unit_directories.end())
    return files;
  const auto more = drop_ins(unit.filename().string(), sources);
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

// The init script takes its arguments from these variables, with others that do not matter here.
std::optional<UnitArguments> arguments_of_default_file(Sources& sources) {
  const std::filesystem::path file(default_file);
  if (sources.entry_at(file) != Sources::Entry::file) return std::nullopt;
  const auto variables = parse_shell_variables(read_words(sources, file).text);
  const auto value_of = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  auto words = split_words(value_of("DAEMON_OPTS"));
  const auto socket = value_of("SOCKET");
  if (words.empty() && socket.empty()) return std::nullopt;
  words.insert(words.begin(), "opendkim");
  auto arguments = read_arguments(words, file.string());
  if (!socket.empty())
    arguments.settings.insert(arguments.settings.begin(), {"Socket", socket, file.string(), "SOCKET"});
  return arguments;
}

}  // namespace

UnitArguments read_arguments(const std::vector<std::string>& words, const std::string& place) {
  return arguments_of(words, place, "/");
}

UnitArguments read_unit(const std::filesystem::path& unit, Sources& sources) {
  return arguments_of(read_service(unit_files(unit, sources), sources));
}

std::optional<UnitArguments> service_arguments(Sources& sources) {
  try {
    for (const auto directory : unit_directories) {
      const auto unit = std::filesystem::path(directory) / service_name;
      const auto entry = sources.entry_at(unit);
      if (entry == Sources::Entry::none) continue;
      // A masked unit is a link to /dev/null.
      if (entry != Sources::Entry::file) return std::nullopt;
      return arguments_of(read_service(unit_files(unit, sources), sources));
    }
    return arguments_of_default_file(sources);
  } catch (const crypto::StoreError& error) {
    UnitArguments none;
    none.remarks.push_back(note("", fmt::format("opendkim's unit: {}", error.what())));
    return none;
  }
}

}  // namespace dkim::keytool::opendkim
