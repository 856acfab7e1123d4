#include "keytool/opendkim/conf_file.hpp"

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/error.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr int deepest_include = 5;
// A configuration of more than this is a file that includes itself, twice or a thousand times.
constexpr std::size_t most_settings = 10'000;
constexpr std::size_t most_files = 100;

std::string_view trim(std::string_view text) {
  while (!text.empty() && canon::is_wsp(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && canon::is_wsp(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<Setting> parse_settings(std::string_view text, const std::string& file_name) {
  std::vector<Setting> settings;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = trim(line.substr(0, line.find_first_of(std::string_view("#\r\0", 3))));
    if (line.empty()) continue;
    const auto name_end = std::min(line.find_first_of(" \t"), line.size());
    settings.push_back({std::string(line.substr(0, name_end)), std::string(trim(line.substr(name_end))),
                        file_name + ":" + std::to_string(number)});
  }
  return settings;
}

ConfFile ConfFile::read(const std::filesystem::path& path, Sources& sources) {
  ConfFile conf;
  conf.add_file(path, read_words(sources, path), sources, 0);
  return conf;
}

void ConfFile::add_file(const std::filesystem::path& path, const std::string& text, Sources& sources,
                        int depth) {
  for (auto& setting : parse_settings(text, path.string())) {
    if (settings_.size() >= most_settings) {
      remarks_.push_back(not_taken(setting.place, "more than 10000 settings: the rest is not read"));
      return;
    }
    if (setting.value.empty()) {
      remarks_.push_back(not_taken(setting.place, setting.name + " has no value; OpenDKIM does not start"));
    } else if (!canon::equal_ignoring_case(setting.name, "Include")) {
      settings_.push_back(std::move(setting));
    } else if (depth >= deepest_include) {
      remarks_.push_back(not_taken(setting.place, "Include goes deeper than five files"));
    } else if (files_ >= most_files) {
      if (files_++ == most_files)
        remarks_.push_back(not_taken(setting.place, "more than 100 files: the rest is not read"));
    } else {
      ++files_;
      try {
        const auto included = resolve(setting.value);
        add_file(included, read_words(sources, included), sources, depth + 1);
      } catch (const crypto::StoreError& error) {
        remarks_.push_back(not_taken(setting.place, std::string("Include: ") + error.what()));
      }
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
  const std::filesystem::path given(path);
  if (given.is_absolute()) return given;
  // A service runs in the root directory.
  const auto* base = find("BaseDirectory");
  return (std::filesystem::path("/") / (base != nullptr ? base->value : "") / given).lexically_normal();
}

}  // namespace dkim::keytool::opendkim
