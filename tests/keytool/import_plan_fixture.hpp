// Replaces files by texts, for tests of import.
#pragma once

#include <algorithm>
#include <map>

#include "crypto/error.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::test {

class TextSources final : public keytool::opendkim::Sources {
 public:
  std::map<std::string, std::string> files;
  mode_t mode = 0600;

  std::string read_text(const std::filesystem::path& path) override {
    const auto file = files.find(path.string());
    if (file == files.end()) throw crypto::StoreError(path.string() + " does not exist");
    return file->second;
  }
  keytool::opendkim::KeyFile read_key(const std::filesystem::path& path) override {
    const auto text = read_text(path);
    return {{text.begin(), text.end()}, mode, crypto::UtcTime(std::chrono::seconds(1'700'000'000))};
  }
  std::vector<std::string> names_in(const std::filesystem::path& directory) override {
    const std::string inside = (directory / "").string();
    std::vector<std::string> names;
    for (auto file = files.lower_bound(inside); file != files.end() && file->first.starts_with(inside);
         ++file) {
      auto name = file->first.substr(inside.size());
      name.resize(std::min(name.find('/'), name.size()));
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
  }
  // A path that others begin with is a directory.
  Entry entry_at(const std::filesystem::path& path) override {
    const std::string inside = (path / "").string();
    const auto next = files.lower_bound(inside);
    if (next != files.end() && next->first.starts_with(inside)) return Entry::directory;
    const auto file = files.find(path.string());
    if (file == files.end()) return Entry::none;
    return Entry::file;
  }
};

}  // namespace dkim::test
