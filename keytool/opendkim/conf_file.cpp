#include "keytool/opendkim/conf_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/setting_names.hpp"
#include "keytool/opendkim/shown_word.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr int deepest_include = 5;
// A larger configuration is a file that includes itself again and again.
constexpr std::size_t most_settings = 10'000;
constexpr std::size_t most_files = 100;

constexpr LineRules rules{" \t", std::string_view("#\r\0", 3)};

}  // namespace

std::vector<Setting> parse_settings(std::string_view text, const std::string& file_name) {
  std::vector<Setting> settings;
  for (auto& line : word_lines(text, file_name, rules))
    settings.push_back({std::move(line.word), std::move(line.rest), std::move(line.place)});
  return settings;
}

ConfFile ConfFile::read(const std::filesystem::path& path, Sources& sources,
                        const std::filesystem::path& working_directory) {
  ConfFile conf(path, working_directory);
  conf.add_file(path, sources, 0);
  return conf;
}

ConfFile ConfFile::without_file(const std::filesystem::path& place,
                                const std::filesystem::path& working_directory) {
  return {place, working_directory};
}

void ConfFile::add_file(const std::filesystem::path& path, Sources& sources, int depth) {
  auto words = read_words(sources, path);
  auto settings = parse_settings(words.text, path.string());
  const bool is_configuration =
      settings.empty() || std::any_of(settings.begin(), settings.end(), [](const Setting& setting) {
        return fate_of(setting.name).fate != Fate::unknown;
      });
  if (!is_configuration)
    throw crypto::StoreError(
        fmt::format("{} is not a configuration of OpenDKIM: it has none of its settings", path.string()));
  remarks_.insert(remarks_.end(), words.remarks.begin(), words.remarks.end());
  for (auto& setting : settings) {
    if (settings_.size() >= most_settings) {
      remarks_.push_back(not_taken(
          setting.place, fmt::format("more than {} settings: the rest is not read", most_settings)));
      return;
    }
    add_setting(std::move(setting), sources, depth);
  }
}

void ConfFile::add_setting(Setting setting, Sources& sources, int depth) {
  if (setting.value.empty()) {
    remarks_.push_back(not_taken(
        setting.place, fmt::format("{} has no value; OpenDKIM does not start", shown_word(setting.name))));
  } else if (!canon::equal_ignoring_case(setting.name, "Include")) {
    settings_.push_back(std::move(setting));
  } else if (depth >= deepest_include) {
    remarks_.push_back(
        not_taken(setting.place, fmt::format("Include goes deeper than {} files", deepest_include)));
  } else if (files_ >= most_files) {
    if (files_++ == most_files)
      remarks_.push_back(
          not_taken(setting.place, fmt::format("more than {} files: the rest is not read", most_files)));
  } else {
    ++files_;
    // opendkim reads them before it looks at BaseDirectory.
    const auto included = (working_directory_ / setting.value).lexically_normal();
    try {
      add_file(included, sources, depth + 1);
    } catch (const crypto::StoreError& error) {
      remarks_.push_back(not_taken(setting.place, fmt::format("Include: {}", error.what())));
    }
  }
}

void ConfFile::add_arguments(std::vector<Setting> arguments) {
  for (auto& argument : arguments) {
    // opendkim reads the command line's key only if its configuration names none; the init script gives it
    // the socket of /etc/default only then.
    const bool is_weak =
        canon::equal_ignoring_case(argument.name, "KeyFile") || argument.argument == "SOCKET";
    if (is_weak && find(argument.name) != nullptr) {
      settings_.insert(settings_.begin(), std::move(argument));
    } else {
      settings_.push_back(std::move(argument));
    }
  }
}

const Setting* ConfFile::find(std::string_view name) const {
  const auto last = std::find_if(settings_.rbegin(), settings_.rend(), [&](const Setting& setting) {
    return canon::equal_ignoring_case(setting.name, name);
  });
  return last == settings_.rend() ? nullptr : &*last;
}

bool ConfFile::is_on(std::string_view name) const {
  constexpr std::string_view yes = "tTyY1";
  const auto* setting = find(name);
  return setting != nullptr && yes.find(setting->value.front()) != std::string_view::npos;
}

std::filesystem::path ConfFile::resolve(std::string_view path) const {
  const auto* base = find("BaseDirectory");
  return (working_directory_ / (base != nullptr ? base->value : "") / std::filesystem::path(path))
      .lexically_normal();
}

LocatedPath ConfFile::locate(std::string_view path, Sources& sources) const {
  LocatedPath located{resolve(path), {}};
  if (std::filesystem::path(path).is_absolute() || sources.entry_at(located.path) != Sources::Entry::none)
    return located;
  const auto* base = find("BaseDirectory");
  located.hint = base != nullptr ? fmt::format("; {} is relative to BaseDirectory, {}", path, base->value)
                                 : fmt::format("; {} is relative to {}, where opendkim is started", path,
                                               working_directory_.string());
  const auto directory = std::filesystem::absolute(file_).parent_path();
  const auto beside = (directory / std::filesystem::path(path)).lexically_normal();
  if (sources.entry_at(beside) == Sources::Entry::file) {
    located.hint += fmt::format("; {} exists: if that one is meant, set BaseDirectory {}", beside.string(),
                                directory.string());
  } else if (base == nullptr) {
    located.hint += "; if it is started elsewhere, set BaseDirectory to that directory";
  }
  return located;
}

}  // namespace dkim::keytool::opendkim
