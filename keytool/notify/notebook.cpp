#include "keytool/notify/notebook.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"

namespace dkim::keytool {
namespace {

constexpr std::string_view title = "dkimkey-notify";
constexpr unsigned version = 1;
constexpr std::string_view nothing = "-";  // neither a selector nor a time

constexpr std::array kinds{
    std::pair{ConcernKind::publish, "publish"},     std::pair{ConcernKind::empty, "empty"},
    std::pair{ConcernKind::remove, "remove"},       std::pair{ConcernKind::stuck, "stuck"},
    std::pair{ConcernKind::unhandled, "unhandled"}, std::pair{ConcernKind::held_up, "held_up"},
};

std::string_view kind_text(ConcernKind kind) {
  for (const auto& [each, text] : kinds) {
    if (each == kind) return text;
  }
  return nothing;
}

std::string time_text(const std::optional<crypto::UtcTime>& time) {
  return time ? crypto::to_string(*time) : std::string(nothing);
}

[[noreturn]] void throw_damaged(std::size_t line) {
  throw DamagedNotebook(fmt::format("line {} is not one that dkimkey has written", line));
}

// Takes a text apart, line by line.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Returns the words of the next line; each line has a line end.
  std::vector<std::string_view> words() {
    ++line_;
    const auto end = text_.find('\n');
    if (end == std::string_view::npos) throw_damaged(line_);
    auto left = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    std::vector<std::string_view> words;
    while (true) {
      const auto space = left.find(' ');
      words.push_back(left.substr(0, space));
      if (space == std::string_view::npos) return words;
      left.remove_prefix(space + 1);
    }
  }
  bool is_at_end() const { return text_.empty(); }
  std::size_t line() const { return line_; }

 private:
  std::string_view text_;
  std::size_t line_ = 0;
};

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : reader_(text) {}

  Notebook parse() && {
    read_version();
    const auto to = reader_.words();
    if (to.size() != 2 || to[0] != "to") throw_damaged(reader_.line());
    notebook_.recipient = to[1];
    while (true) {
      const auto words = reader_.words();
      if (words.size() == 2 && words[0] == "end") {
        // A file that lost its middle says so here.
        if (number(words[1]) != notebook_.notes.size() || !reader_.is_at_end()) throw_damaged(reader_.line());
        return std::move(notebook_);
      }
      add(words);
    }
  }

 private:
  void read_version() {
    const auto words = reader_.words();
    if (words.size() != 2 || words[0] != title) throw_damaged(reader_.line());
    const auto found = number(words[1]);
    if (!found || *found == 0) throw_damaged(reader_.line());
    if (*found > version)
      throw LaterNotebook(fmt::format("it has version {}, and this dkimkey reads up to {}", *found, version));
  }

  void add(const std::vector<std::string_view>& words) {
    if (words.size() != 6) throw_damaged(reader_.line());
    const ConcernId id{domain(words[0]), selector(words[1]), kind(words[2])};
    const Note note{required_time(words[3]), time(words[4]), time(words[5])};
    if (!notebook_.notes.emplace(id, note).second) throw_damaged(reader_.line());
  }

  std::string domain(std::string_view text) const {
    const auto name = canon::DomainName::parse(text);
    if (!name || name->str() != text) throw_damaged(reader_.line());
    return std::string(text);
  }

  std::string selector(std::string_view text) const {
    if (text == nothing) return {};
    const auto name = canon::Selector::parse(text);
    if (!name || name->str() != text) throw_damaged(reader_.line());
    return std::string(text);
  }

  ConcernKind kind(std::string_view text) const {
    for (const auto& [each, name] : kinds) {
      if (name == text) return each;
    }
    throw_damaged(reader_.line());
  }

  std::optional<crypto::UtcTime> time(std::string_view text) const {
    if (text == nothing) return std::nullopt;
    return required_time(text);
  }

  crypto::UtcTime required_time(std::string_view text) const {
    const auto time = crypto::parse_utc_time(text);
    if (!time) throw_damaged(reader_.line());
    return *time;
  }

  Reader reader_;
  Notebook notebook_;
};

}  // namespace

std::string write_notebook(const Notebook& notebook) {
  auto text = fmt::format("{} {}\nto {}\n", title, version, notebook.recipient);
  for (const auto& [id, note] : notebook.notes) {
    text += fmt::format("{} {} {} {} {} {}\n", id.domain, id.selector.empty() ? nothing : id.selector,
                        kind_text(id.kind), crypto::to_string(note.since), time_text(note.told),
                        time_text(note.done));
  }
  return text + fmt::format("end {}\n", notebook.notes.size());
}

Notebook parse_notebook(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace dkim::keytool
