#include "keytool/opendkim/data_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/shown_word.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Type = DataSetName::Type;

// opendkim divides table lines at what isspace accepts in the C locale.
constexpr std::string_view white_space = " \t\n\v\f\r";
constexpr LineRules rules{white_space, std::string_view("#\0", 2)};

struct UnreadableType {
  std::string_view name;
  std::string_view why;
};

// Each would need its own client library, for something that is done once. A flat file does as well.
constexpr std::array unreadable_types{
    UnreadableType{"db", "a Berkeley DB; db_dump -p prints it, make a flat file of that"},
    UnreadableType{"dsn", "an SQL database; select its rows into a flat file"},
    UnreadableType{"ldap", "an LDAP directory; search it into a flat file"},
    UnreadableType{"ldaps", "an LDAP directory; search it into a flat file"},
    UnreadableType{"ldapi", "an LDAP directory; search it into a flat file"},
    UnreadableType{"lua", "a Lua script, whose answers cannot be listed"},
    UnreadableType{"memcache", "a memcached, whose keys cannot be listed"},
    UnreadableType{"repute", "a reputation service, which holds no keys"},
    UnreadableType{"socket", "a service on a socket, whose answers cannot be listed"},
    UnreadableType{"erlang", "an Erlang function, whose answers cannot be listed"},
    UnreadableType{"mdb", "an LMDB; mdb_dump -p prints it, make a flat file of that"},
};

DataSetName unreadable(std::string_view type) {
  for (const auto& known : unreadable_types) {
    if (canon::equal_ignoring_case(known.name, type))
      return {Type::unreadable, fmt::format("it is {}", known.why)};
  }
  return {
      Type::unreadable,
      fmt::format("\"{}:\" is not a type of data set; OpenDKIM does not start with it (in a list, write csl: "
                  "before an IPv6 address)",
                  shown_word(type))};
}

}  // namespace

DataSetName parse_data_set_name(std::string_view value) {
  const auto colon = value.find(':');
  if (colon == std::string_view::npos || value.find(',') < colon) {
    if (colon == std::string_view::npos && value.ends_with(".db")) return unreadable("db");
    return {value.starts_with('/') ? Type::file : Type::list, std::string(value)};
  }
  const auto type = value.substr(0, colon);
  std::string argument(value.substr(colon + 1));
  if (canon::equal_ignoring_case(type, "csl")) return {Type::list, std::move(argument)};
  if (canon::equal_ignoring_case(type, "file")) return {Type::file, std::move(argument)};
  if (canon::equal_ignoring_case(type, "refile")) return {Type::patterns, std::move(argument)};
  return unreadable(type);
}

bool is_regular_expression(std::string_view pattern) {
  return pattern.find_first_of("()[]{}|+?^$\\") != std::string_view::npos;
}

std::vector<DataEntry> parse_data_file(std::string_view text, const std::string& file_name) {
  std::vector<DataEntry> entries;
  for (auto& line : word_lines(text, file_name, rules))
    entries.push_back({std::move(line.word), std::move(line.rest), std::move(line.place)});
  return entries;
}

std::vector<DataEntry> parse_data_list(std::string_view text, const std::string& place) {
  std::vector<DataEntry> entries;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = item.find('=');
    const auto key = trim(item.substr(0, equals), white_space);
    const auto value =
        equals == std::string_view::npos ? std::string_view() : trim(item.substr(equals + 1), white_space);
    if (!key.empty()) entries.push_back({std::string(key), std::string(value), place});
  }
  return entries;
}

canon::Result<DataSet> read_data_set(const ConfFile& conf, const Setting& setting, Sources& sources) {
  const auto name = parse_data_set_name(setting.value);
  if (name.type == Type::unreadable) return canon::Refusal{name.argument, 0};
  if (name.type == Type::list) return DataSet{name.type, parse_data_list(name.argument, setting.place)};
  const auto [path, hint] = conf.locate(name.argument, sources);
  try {
    auto words = read_words(sources, path);
    return DataSet{name.type, parse_data_file(words.text, path.string()), std::move(words.remarks),
                   path.string()};
  } catch (const crypto::StoreError& error) {
    return canon::Refusal{error.what() + hint, 0};
  }
}

}  // namespace dkim::keytool::opendkim
