#include "crypto/settings/settings_scanner.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view directive = "@include";

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

// The NUL bytes of UTF-16 are refused anyway, but without saying what to do.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

}  // namespace

// Reads the files once, with just as much of libconfig's grammar as it takes to recognize texts and comments,
// in which @include has no meaning.
class SettingsScanner {
 public:
  explicit SettingsScanner(std::optional<std::filesystem::path> directory)
      : directory_(std::move(directory)) {
    groups_.push_back(0);
  }

  // Adds the file that includes all others.
  void add(const OpenedFile& opened, const std::filesystem::path& path) {
    open_files_.emplace_back(opened.status.st_dev, opened.status.st_ino);
    add(view(read_all(opened, path, most_settings_bytes)), path.string());
  }

  void add(std::string_view text, const std::string& name) {
    const std::size_t file = source_.files_.size();
    source_.files_.push_back(name);
    bytes_ += text.size();
    File scanned(file, without_mark(text));
    if (bytes_ > most_settings_bytes) {
      fail(scanned,
           fmt::format("larger than the {} bytes that a file and all that it includes may have",
                       most_settings_bytes),
           "leave out what is not needed");
    }
    if (is_utf16(text)) fail(scanned, "text in UTF-16", "it must be saved as UTF-8");
    begin_run(scanned);
    while (!scanned.at_end())
      scan_token(scanned);
  }

  SettingsSource take() { return std::move(source_); }

 private:
  // A position in a file.
  struct File {
    File(std::size_t index, std::string_view bytes) : number(index), text(bytes) {}

    bool at_end() const { return at == text.size(); }
    std::string_view rest() const { return text.substr(at); }

    std::size_t number;
    std::string_view text;
    std::size_t at = 0;
    std::size_t line = 1;
    bool at_line_start = true;
  };

  std::string place(const File& file) const {
    return source_.files_[file.number] + ":" + std::to_string(file.line);
  }

  [[noreturn]] void fail(const File& file, std::string_view what, std::string_view right) const {
    throw SettingsError(fmt::format("{}: {}; {}", place(file), what, right));
  }

  void begin_run(const File& file) { source_.runs_.push_back({lines_, file.number, file.line}); }

  // The next byte begins a line of the text for libconfig.
  void end_line() {
    if (source_.text_.empty() || source_.text_.ends_with('\n')) return;
    source_.text_ += '\n';
    ++lines_;
  }

  // Copies so many bytes to the text for libconfig.
  void pass(File& file, std::size_t count) {
    for (const char c : file.text.substr(file.at, count)) {
      if (c == '\0') fail(file, "a NUL byte in the text", "the file is damaged");
      source_.text_ += c;
      file.at_line_start = c == '\n';
      if (c != '\n') continue;
      ++file.line;
      ++lines_;
    }
    file.at += count;
  }

  void scan_token(File& file) {
    const auto rest = file.rest();
    if (rest.starts_with("/*")) return pass_comment(file);
    if (rest.starts_with("//") || rest.front() == '#') return pass_line(file);
    switch (rest.front()) {
      case '"':
        return pass_text(file);
      case '@':
        return include(file);
      case '\r':
        // libconfig takes it for white space; after a comment, it takes the rest of the file for part of it.
        if (!rest.starts_with("\r\n")) fail_at_carriage_return(file);
        break;
      case '{':
      case '(':
      case '[':
        open_nesting(file);
        break;
      case '}':
      case ')':
      case ']':
        if (groups_.size() > 1) groups_.pop_back();
        break;
      case '=':
      case ':':
        count_setting(file);
        break;
      case ',':
        count_value(file);
        break;
      default:
        break;
    }
    // A directive may have white space before it on its line.
    const bool at_line_start = file.at_line_start && (rest.front() == ' ' || rest.front() == '\t');
    pass(file, 1);
    file.at_line_start = file.at_line_start || at_line_start;
  }

  [[noreturn]] void fail_at_carriage_return(const File& file) const {
    fail(file, "a carriage return without a line feed", "lines must end with LF, or with CR LF");
  }

  void pass_line(File& file) {
    const auto line = file.rest().substr(0, std::min(file.rest().find('\n'), file.rest().size()));
    const auto lone = line.find('\r');
    if (lone != std::string_view::npos &&
        (lone + 1 < line.size() || file.at + line.size() == file.text.size()))
      fail_at_carriage_return(file);
    pass(file, line.size());
  }

  // An error for a comment or text that does not end names the line where it begins.
  void pass_comment(File& file) {
    const auto end = file.rest().find("*/", 2);
    if (end == std::string_view::npos) fail_at_end(file, "a comment");
    pass(file, end + 2);
  }

  [[noreturn]] void fail_at_end(const File& file, std::string_view what) const {
    fail(file, fmt::format("{} that begins here does not end in this file", what),
         "a closing mark is missing");
  }

  void pass_text(File& file) {
    const auto rest = file.rest();
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '"') {
      const bool escapes =
          rest[end] == '\\' && end + 1 < rest.size() && (rest[end + 1] == '"' || rest[end + 1] == '\\');
      end += escapes ? 2 : 1;
    }
    if (end >= rest.size()) fail_at_end(file, "a text");
    pass(file, end + 1);
  }

  void open_nesting(File& file) {
    count_value(file);
    groups_.push_back(0);
    if (groups_.size() > deepest_nesting + 1) {
      fail(file, fmt::format("groups and lists more than {} deep in each other", deepest_nesting),
           "no setting needs that");
    }
  }

  void count_setting(File& file) {
    count_value(file);
    if (++groups_.back() > most_settings_of_group) {
      fail(file, fmt::format("more than {} settings in one group", most_settings_of_group),
           "no group has so many");
    }
  }

  void count_value(File& file) {
    if (++source_.values_ > most_settings_values) {
      fail(file, fmt::format("more than {} settings and entries of lists", most_settings_values),
           "leave out what is not needed");
    }
  }

  void include(File& file) {
    constexpr std::string_view form = "the form is: @include \"FILE\", on a line of its own";
    auto rest = file.rest();
    const std::size_t name_begin = rest.find_first_not_of(" \t", directive.size());
    if (!file.at_line_start || !rest.starts_with(directive) || name_begin == directive.size() ||
        name_begin == std::string_view::npos || rest[name_begin] != '"') {
      fail(file, "an @ outside of a text", form);
    }
    if (!directory_) fail(file, "an @include", "this file must be whole without others");
    std::string name;
    std::size_t at = name_begin + 1;
    for (; at < rest.size() && rest[at] != '"' && rest[at] != '\n'; ++at) {
      if (rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
      name += rest[at];
    }
    if (at >= rest.size() || rest[at] != '"' || name.empty()) fail(file, "an @include without a name", form);
    if (name.find('\0') != std::string::npos) fail(file, "a NUL byte in the text", "the file is damaged");
    include_file(file, name);
    file.at += at + 1;
    file.at_line_start = false;
    end_line();
    begin_run(file);
  }

  void include_file(const File& file, const std::string& name) {
    if (++includes_ > most_includes) {
      fail(file, fmt::format("more than {} files included", most_includes),
           "one file may hold what several do");
    }
    const auto path = *directory_ / name;
    const auto opened = open_included(file, path);
    const std::pair<dev_t, ino_t> identity{opened.status.st_dev, opened.status.st_ino};
    if (std::find(open_files_.begin(), open_files_.end(), identity) != open_files_.end())
      fail(file, fmt::format("{} would include itself", path.string()), "leave out this line");
    if (open_files_.size() > deepest_include) {
      fail(file, fmt::format("files included more than {} deep in each other", deepest_include),
           "let one of them include the others");
    }
    open_files_.push_back(identity);
    add(view(read_included(file, opened, path)), path.string());
    open_files_.pop_back();
  }

  OpenedFile open_included(const File& file, const std::filesystem::path& path) const {
    try {
      if (auto opened = open_trusted_file(path)) return *std::move(opened);
    } catch (const StoreError& error) {
      throw SettingsError(fmt::format("{}: cannot include this: {}", place(file), error.what()));
    }
    const bool has_wildcard = path.native().find_first_of("*?[") != std::string::npos;
    fail(file, fmt::format("cannot include {}: there is no such file", path.string()),
         has_wildcard ? "* and ? stand for themselves: name each file in a line of its own"
                      : "check the name");
  }

  Secret read_included(const File& file, const OpenedFile& opened, const std::filesystem::path& path) const {
    try {
      return read_all(opened, path, most_settings_bytes);
    } catch (const StoreError& error) {
      throw SettingsError(fmt::format("{}: cannot include this: {}", place(file), error.what()));
    }
  }

  SettingsSource source_;
  std::optional<std::filesystem::path> directory_;   // for relative names; absent: @include is refused
  std::vector<std::pair<dev_t, ino_t>> open_files_;  // each includes the next
  std::vector<std::size_t> groups_;                  // the number of settings of each open group
  std::size_t bytes_ = 0;
  std::size_t lines_ = 1;  // of the text for libconfig so far
  int includes_ = 0;
};

SettingsSource scan_settings_file(const OpenedFile& file, const std::filesystem::path& path) {
  SettingsScanner scanner(path.parent_path());
  scanner.add(file, path);
  return scanner.take();
}

SettingsSource scan_settings_text(std::string_view text, const std::string& name) {
  SettingsScanner scanner(std::nullopt);
  scanner.add(text, name);
  return scanner.take();
}

}  // namespace dkim::crypto
