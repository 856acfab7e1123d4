#include "keytool/lexicon/listed_records.hpp"

// Boost's JSON parser still uses what its own Bind warns about.
#define BOOST_BIND_GLOBAL_PLACEHOLDERS
#include <algorithm>
#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#include <sstream>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t deepest = 8;
constexpr std::size_t longest_argument = 4096;
constexpr std::string_view blank = " \t\r\n";

std::string_view last_line(std::string_view text) {
  const auto end = text.find_last_not_of(blank);
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const auto before = text.find_last_of('\n');
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

// The parser calls itself for each level.
bool is_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char byte = json[i];
    if (in_string) {
      if (byte == '\\') ++i;
      in_string = byte != '"';
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '[' || byte == '{') {
      if (++depth > deepest) return true;
    } else if ((byte == ']' || byte == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string bare_name(std::string_view name) {
  std::string bare = canon::lower_case(name);
  while (bare.ends_with('.'))
    bare.pop_back();
  return bare;
}

bool is_at(std::string_view listed, std::string_view name, std::string_view zone) {
  const std::string bare = bare_name(listed);
  return bare == bare_name(name) || bare + "." + bare_name(zone) == bare_name(name);
}

}  // namespace

bool is_argument(std::string_view text) {
  return text.size() <= longest_argument && std::none_of(text.begin(), text.end(), [](unsigned char byte) {
           return byte < ' ' || byte == 0x7f;
         });
}

canon::Result<std::vector<ListedRecord>> read_listed_records(std::string_view output, std::string_view name,
                                                             std::string_view zone) {
  const auto json = last_line(output);
  if (!json.starts_with('[')) return canon::Refusal{"the list of records is not a JSON array", 0};
  if (is_deep(json)) return canon::Refusal{"the list of records is nested too deeply", 0};
  boost::property_tree::ptree tree;
  try {
    std::istringstream stream{std::string(json)};
    boost::property_tree::read_json(stream, tree);
  } catch (const boost::property_tree::json_parser_error&) {
    return canon::Refusal{"the list of records is not JSON", 0};
  }
  std::vector<ListedRecord> records;
  for (const auto& [key, entry] : tree) {
    const auto listed_name = entry.get_optional<std::string>("name");
    const auto content = entry.get_optional<std::string>("content");
    if (!listed_name || !content)
      return canon::Refusal{"the list of records has an entry without a name or content", 0};
    if (canon::lower_case(entry.get<std::string>("type", "TXT")) != "txt") continue;
    if (!is_at(*listed_name, name, zone)) continue;
    auto identifier = entry.get<std::string>("id", "");
    if (!is_argument(identifier) || identifier == "null") identifier.clear();
    records.push_back({std::move(identifier), *content});
  }
  return records;
}

std::string plain_value(std::string_view content) {
  std::string plain;
  std::string between;  // blanks that may stand between two strings
  bool after_quote = true;
  for (std::size_t i = 0; i < content.size(); ++i) {
    char byte = content[i];
    if (byte == '"') {
      between.clear();
      after_quote = true;
      continue;
    }
    if (after_quote && (byte == ' ' || byte == '\t')) {
      between += byte;
      continue;
    }
    if (byte == '\\' && i + 1 < content.size()) {
      const char next = content[i + 1];
      if (next == '"' || next == '\\' || next == ';') byte = content[++i];
    }
    plain += between;
    between.clear();
    plain += byte;
    after_quote = false;
  }
  return plain + between;
}

}  // namespace dkim::keytool
