#include "keytool/opendkim/conf_file.hpp"

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr int deepest_include = 5;
// A configuration of more than this is a file that includes itself, twice or a thousand times.
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
