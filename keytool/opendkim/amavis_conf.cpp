#include "keytool/opendkim/amavis_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/amavis_statements.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr int deepest_include = 5;
constexpr std::size_t most_files = 1000;

// Of Debian, of RPM-based systems, and of amavisd itself.
constexpr std::array<std::string_view, 4> usual_places{"/etc/amavis/conf.d", "/etc/amavisd/amavisd.conf",
                                                       "/etc/amavisd.conf", "/etc/amavis/amavisd.conf"};
constexpr std::string_view package_directory = "/usr/share/amavis/conf.d";

// Debian's amavisd reads the files with these names, as run-parts(8) does.
bool is_part(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return canon::is_alnum(c) || c == '-' || c == '_'; });
}

class Files {
 public:
  explicit Files(Sources& sources) : sources_(sources) {}

  void read(const std::filesystem::path& path) {
    auto words = read_words(sources_, path);
    conf_.remarks.insert(conf_.remarks.end(), words.remarks.begin(), words.remarks.end());
    ++files_;
    read_amavis_statements(words.text, path.string(), conf_, variables_,
                           [&](const std::string& file, const std::string& place) { include(file, place); });
  }

  // Returns how many files there were.
  std::size_t read_directory(const std::filesystem::path& directory) {
    const auto before = files_;
    for (const auto& name : sources_.names_in(directory)) {
      if (is_part(name) && sources_.entry_at(directory / name) == Sources::Entry::file)
        read(directory / name);
    }
    return files_ - before;
  }

  AmavisConf take() { return std::move(conf_); }

 private:
  void include(const std::string& file, const std::string& place) {
    const auto lose = [&](const std::string& why) {
      conf_.remarks.push_back(
          unsigned_mail(place, fmt::format("the file that is included here is not read: {}", why)));
    };
    if (depth_ >= deepest_include)
      return lose(fmt::format("files include each other deeper than {} times", deepest_include));
    if (files_ >= most_files) return lose(fmt::format("there are more than {} files", most_files));
    if (!std::filesystem::path(file).is_absolute()) return lose("its path does not begin with /");
    ++depth_;
    try {
      read(std::filesystem::path(file).lexically_normal());
    } catch (const crypto::StoreError& error) {
      lose(error.what());
    }
    --depth_;
  }

  Sources& sources_;
  AmavisConf conf_;
  PerlVariables variables_;
  int depth_ = 0;
  std::size_t files_ = 0;
};

}  // namespace

AmavisConf read_amavis_conf(const std::filesystem::path& path, Sources& sources) {
  Files files(sources);
  if (sources.entry_at(path) != Sources::Entry::directory) {
    files.read(path);
    return files.take();
  }
  // What Debian's package sets comes first.
  if (path == usual_places[0] && sources.entry_at(package_directory) == Sources::Entry::directory)
    files.read_directory(package_directory);
  if (files.read_directory(path) == 0)
    throw crypto::StoreError(fmt::format("{} has no file that amavisd would read", path.string()));
  return files.take();
}

std::optional<std::filesystem::path> usual_amavis_conf(Sources& sources) {
  for (const auto place : usual_places) {
    if (sources.entry_at(place) != Sources::Entry::none) return place;
  }
  return std::nullopt;
}

}  // namespace dkim::keytool::opendkim
