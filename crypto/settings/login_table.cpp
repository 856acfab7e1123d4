#include "crypto/settings/login_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "canon/labels.hpp"
#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "canon/typed_names.hpp"
#include "crypto/file.hpp"
#include "crypto/secret.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Takes the next word off the line; empty at its end.
std::string_view next_word(std::string_view& line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

// Reads a table line by line.
class LoginTable::Reader {
 public:
  Reader(std::string_view text, std::string file_name) : rest_(text), file_name_(std::move(file_name)) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    const auto lines = static_cast<std::size_t>(std::count(rest_.begin(), rest_.end(), '\n')) + 1;
    table_.text_.reserve(rest_.size());
    table_.lines_.reserve(std::min(lines, most_logins));
    table_.domains_.reserve(std::min(lines, most_logins));
  }

  LoginTable read() && {
    for (number_ = 1; !rest_.empty(); ++number_) {
      auto line = rest_.substr(0, rest_.find('\n'));
      rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto login = next_word(line);
      if (!login.empty() && login.front() != '#') add_line(login, line);
    }
    sort_lines();
    return std::move(table_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string_view right) const {
    throw_settings_error(fmt::format("{}:{}", file_name_, number_), what, right);
  }

  Word add_text(std::string_view text) {
    const Word word{static_cast<std::uint32_t>(table_.text_.size()), static_cast<std::uint32_t>(text.size())};
    table_.text_ += text;
    return word;
  }

  // A bare CR is refused as well: with such line ends, all of the file would be one line.
  void check_login(std::string_view login) const {
    if (std::any_of(login.begin(), login.end(), canon::is_control))
      refuse("a login with a control character", "no login has one");
    if (login.ends_with('@') && login.size() == 1)
      refuse("an @ without a domain", "@DOMAIN is every login of it");
    if (login.find('*') != std::string_view::npos && login != "*")
      refuse("a pattern of logins", "a table has only *@DOMAIN for a whole domain, and * for all others");
  }

  void add_line(std::string_view login, std::string_view rest) {
    if (login.starts_with("*@")) login.remove_prefix(1);
    check_login(login);
    if (table_.lines_.size() == most_logins)
      refuse(fmt::format("more than {} logins", most_logins), "*@DOMAIN is every login of a domain");
    Line line{add_text(comparable_login(login)), number_, static_cast<std::uint32_t>(table_.domains_.size()),
              0};
    for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
      table_.domains_.push_back(add_domain(word));
      ++line.domains;
    }
    if (line.domains == 0)
      refuse("a login without a domain", "a login, and after it the domains that it may use");
    if (line.domains > 1) {
      std::sort(table_.domains_.begin() + line.first_domain, table_.domains_.end(),
                [this](Word a, Word b) { return table_.text_of(a) < table_.text_of(b); });
    }
    table_.lines_.push_back(line);
  }

  Word add_domain(std::string_view word) {
    if (word == "*") return add_text(word);
    const auto domain = canon::parse_typed_domain(word);
    if (!domain) {
      refuse(fmt::format("the domain {} is {}", canon::printable(word, canon::longest_name),
                         domain.refusal().reason),
             "a domain such as example.com, or * for every domain");
    }
    return add_text(domain->str());
  }

  void sort_lines() {
    auto& lines = table_.lines_;
    std::sort(lines.begin(), lines.end(), [this](const Line& a, const Line& b) {
      return std::pair(table_.text_of(a.login), a.number) < std::pair(table_.text_of(b.login), b.number);
    });
    const auto twice = std::adjacent_find(lines.begin(), lines.end(), [this](const Line& a, const Line& b) {
      return table_.text_of(a.login) == table_.text_of(b.login);
    });
    if (twice == lines.end()) return;
    number_ = std::next(twice)->number;
    refuse(fmt::format("a login that line {} has already", twice->number), "each login has one line");
  }

  std::string_view rest_;
  std::string file_name_;
  std::uint32_t number_ = 0;
  LoginTable table_;
};

LoginTable LoginTable::parse(std::string_view text, const std::string& file_name) {
  return Reader(text, file_name).read();
}

const LoginTable::Line* LoginTable::line_of(std::string_view login) const {
  const auto name = comparable_login(login);
  const auto at = name.rfind('@');
  const auto domain = at == std::string::npos ? std::string_view() : std::string_view(name).substr(at);
  for (const auto key : {std::string_view(name), domain, std::string_view("*")}) {
    const auto line = std::lower_bound(
        lines_.begin(), lines_.end(), key,
        [this](const Line& entry, std::string_view text) { return text_of(entry.login) < text; });
    if (line != lines_.end() && text_of(line->login) == key) return &*line;
  }
  return nullptr;
}

bool LoginTable::has_domain(const Line& line, std::string_view name) const {
  const auto first = domains_.begin() + line.first_domain;
  const auto last = first + line.domains;
  const auto found = std::lower_bound(
      first, last, name, [this](Word word, std::string_view text) { return text_of(word) < text; });
  return found != last && text_of(*found) == name;
}

bool LoginTable::may_use(const Line& line, const canon::DomainName& domain) const {
  if (has_domain(line, "*")) return true;
  for (std::string_view name = domain.str();; name.remove_prefix(name.find('.') + 1)) {
    if (has_domain(line, name)) return true;
    if (name.find('.') == std::string_view::npos) return false;
  }
}

DomainTest domains_of_login(std::shared_ptr<const LoginTable> table, std::string_view login) {
  const auto* line = table->line_of(login);
  if (line == nullptr) return [](const canon::DomainName&) { return false; };
  return [table = std::move(table), line](const auto& domain) { return table->may_use(*line, domain); };
}

// Whether the stamp is settled is asked before the reading: in the time that a large table takes, the file
// could change without a change of its stamp.
StampedLoginTable read_login_table(const std::filesystem::path& path) {
  const auto file = open_trusted_file(path);
  if (!file) throw StoreError(fmt::format("the table of logins {} does not exist", path.string()));
  const auto stamp = stamp_of(file->status);
  const bool settled = stamp.is_settled_at(file_clock_now());
  const auto text = read_all(*file, path, most_login_table_bytes);
  return {LoginTable::parse(view(text), path.string()), stamp, settled};
}

DomainTest look_up_login(const LoginSettings& settings, std::string_view login) {
  if (settings.method != LoginSettings::Method::table) return domains_of_login(settings, login);
  return domains_of_login(std::make_shared<const LoginTable>(read_login_table(settings.table).table), login);
}

}  // namespace dkim::crypto
