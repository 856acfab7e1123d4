#include "keytool/opendkim/rspamd_conf.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "keytool/opendkim/ucl_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Entry = Sources::Entry;

constexpr int deepest_include = 5;
constexpr std::size_t most_files = 100;

class Reader {
 public:
  // `directory` is rspamd's configuration directory.
  Reader(const std::filesystem::path& directory, Sources& sources) : sources_(sources) {
    const auto absolute = std::filesystem::absolute(directory).lexically_normal().string();
    context_.variables = {{"CONFDIR", absolute},
                          {"LOCAL_CONFDIR", absolute},
                          {"DBDIR", "/var/lib/rspamd"},
                          {"RUNDIR", "/run/rspamd"},
                          {"LOGDIR", "/var/log/rspamd"},
                          {"SHAREDIR", "/usr/share/rspamd"},
                          {"RULESDIR", "/usr/share/rspamd/rules"}};
    context_.include = [this](const std::string& path, const std::string& place) {
      return include(path, place);
    };
  }

  // How the next files are read.
  void set_sections(UclSections sections) { context_.sections = sections; }

  UclFile read(const std::filesystem::path& path) {
    const auto words = read_words(sources_, path);
    auto file = parse_ucl(words.text, path.string(), context_);
    file.remarks.insert(file.remarks.begin(), words.remarks.begin(), words.remarks.end());
    return file;
  }

 private:
  UclFile include(const std::string& path, const std::string& place) {
    UclFile nothing{{UclValue::Kind::section, {}, {}, {}, place}, {}};
    const auto refuse = [&](const std::string& why) {
      nothing.remarks.push_back(
          not_taken(place, fmt::format("the file that is included here is not read: {}", why)));
      return nothing;
    };
    if (depth_ >= deepest_include) return refuse("files include each other too deeply");
    if (++files_ > most_files) return refuse("there are too many of them");
    if (!path.starts_with('/')) return refuse("only paths that begin with / are followed");
    // Most includes are optional.
    if (sources_.entry_at(path) == Entry::none) return nothing;
    ++depth_;
    try {
      nothing = read(std::filesystem::path(path).lexically_normal());
    } catch (const crypto::StoreError& error) {
      --depth_;
      return refuse(error.what());
    }
    --depth_;
    return nothing;
  }

  Sources& sources_;
  UclContext context_;
  int depth_ = 0;
  std::size_t files_ = 0;
};

// Puts the files of a directory together.
class Directory {
 public:
  Directory(std::filesystem::path directory, Sources& sources)
      : directory_(std::move(directory)), sources_(sources), reader_(directory_, sources) {}

  RspamdConf read() {
    conf_.place = directory_.string();
    conf_.signing.kind = conf_.options.kind = UclValue::Kind::section;
    for (const auto* folder : {"local.d", "override.d"}) {
      const bool is_override = folder == std::string_view("override.d");
      reader_.set_sections(is_override ? UclSections::apart : UclSections::joined);
      const auto add = [&](UclValue& to, const UclValue& values) {
        to = is_override ? overridden(std::move(to), values) : merged(std::move(to), values);
      };
      add(conf_.signing, read_file(directory_ / folder / "dkim_signing.conf", folder));
      add(conf_.options, read_file(directory_ / folder / "options.inc", folder));
      const auto whole =
          read_file(directory_ / (is_override ? "rspamd.conf.override" : "rspamd.conf.local"), {});
      if (const auto* section = whole.find("dkim_signing")) add(conf_.signing, *section);
      if (const auto* section = whole.find("options")) add(conf_.options, *section);
    }
    if (!has_read_)
      throw crypto::StoreError(fmt::format(
          "{} has no file that can be read of local.d/dkim_signing.conf and override.d/dkim_signing.conf",
          directory_.string()));
    return std::move(conf_);
  }

 private:
  UclValue read_file(const std::filesystem::path& path, std::string_view folder) {
    UclValue nothing{UclValue::Kind::section, {}, {}, {}, path.string()};
    if (sources_.entry_at(path) == Entry::none) return nothing;
    try {
      auto file = reader_.read(path);
      has_read_ =
          has_read_ || path.filename() == "dkim_signing.conf" || file.root.find("dkim_signing") != nullptr;
      conf_.remarks.insert(conf_.remarks.end(), file.remarks.begin(), file.remarks.end());
      const auto* nested = folder.empty() ? nullptr : file.root.find("dkim_signing");
      if (nested != nullptr) {
        conf_.remarks.push_back(not_taken(
            nested->place,
            fmt::format("dkim_signing {{ }}: in {} the settings stand without a section around them; "
                        "rspamd ignores this one",
                        folder)));
      }
      return std::move(file.root);
    } catch (const crypto::StoreError& error) {
      conf_.remarks.push_back(unsigned_mail("", error.what()));
      return nothing;
    }
  }

  const std::filesystem::path directory_;
  Sources& sources_;
  Reader reader_;
  RspamdConf conf_;
  bool has_read_ = false;
};

RspamdConf read_one_file(const std::filesystem::path& path, Sources& sources) {
  auto file = Reader("/etc/rspamd", sources).read(path);
  RspamdConf conf{std::move(file.root), {}, path.string(), std::move(file.remarks)};
  conf.options.kind = UclValue::Kind::section;
  if (const auto* options = conf.signing.find("options"); options != nullptr && options->is_section())
    conf.options = *options;
  // A whole configuration, or what rspamadm configdump prints of it.
  if (const auto* section = conf.signing.find("dkim_signing"); section != nullptr && section->is_section())
    conf.signing = UclValue(*section);
  return conf;
}

}  // namespace

bool is_rspamd_conf(const std::filesystem::path& path, Sources& sources) {
  if (sources.entry_at(path) != Entry::directory) return sources.entry_at(path) != Entry::none;
  for (const auto* inside : {"local.d", "override.d", "rspamd.conf"}) {
    if (sources.entry_at(path / inside) != Entry::none) return true;
  }
  return false;
}

RspamdConf read_rspamd_conf(const std::filesystem::path& path, Sources& sources) {
  if (sources.entry_at(path) == Entry::directory) return Directory(path, sources).read();
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  const auto folder = absolute.parent_path().filename();
  if (path.filename() == "dkim_signing.conf" && (folder == "local.d" || folder == "override.d"))
    return Directory(absolute.parent_path().parent_path(), sources).read();
  return read_one_file(path, sources);
}

}  // namespace dkim::keytool::opendkim
