#include "keytool/opendkim/rspamd_values.hpp"

#include <fmt/format.h>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/word_lines.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr LineRules rules{white_space, "#"};

std::string without_quotes(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

RspamdLine line_of(std::string_view text, const std::string& place) {
  text = trim(text, white_space);
  const auto end = std::min(text.find_first_of(white_space), text.size());
  return {std::string(text.substr(0, end)), without_quotes(std::string(trim(text.substr(end), white_space))),
          place};
}

// Returns the path if the text is one; a map may also come from elsewhere.
std::optional<std::string> path_of(std::string_view text) {
  for (const std::string_view prefix : {"fallback+", "file://"}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return text.starts_with('/') ? std::optional(std::string(text)) : std::nullopt;
}

class MapReader {
 public:
  MapReader(std::string_view setting, Sources& sources, Remark::Kind loss)
      : setting_(setting), sources_(sources), loss_(loss) {}

  void read(const UclValue& value) {
    if (value.is_text()) {
      read_text(value);
    } else if (value.is_section()) {
      lose(value.place, "a map that is described by a section is not taken; name its file alone");
    } else {
      for (const auto& item : value.items)
        item.is_text() ? read_text(item) : lose(item.place, "an element of the list is not a text");
    }
  }

  RspamdMap take() { return std::move(map_); }

 private:
  void lose(const std::string& place, std::string_view why) {
    map_.remarks.push_back({loss_, place, fmt::format("{}: {}", setting_, why)});
  }

  void read_text(const UclValue& value) {
    if (const auto path = path_of(value.text)) {
      read_file(*path, value.place);
    } else if (value.text.find("://") != std::string::npos || value.text.find(';') != std::string::npos) {
      lose(value.place, "a map that is not in a file is not taken; save it to a file, and name that");
    } else if (!value.text.empty()) {
      map_.lines.push_back(line_of(value.text, value.place));
    }
  }

  void read_file(const std::string& path, const std::string& place) {
    try {
      auto words = read_words(sources_, path);
      map_.remarks.insert(map_.remarks.end(), words.remarks.begin(), words.remarks.end());
      map_.file = path;
      for (auto& line : word_lines(words.text, path, rules))
        map_.lines.push_back(
            {std::move(line.word), without_quotes(std::move(line.rest)), std::move(line.place)});
    } catch (const crypto::StoreError& error) {
      lose(place, error.what());
    }
  }

  const std::string_view setting_;
  Sources& sources_;
  const Remark::Kind loss_;
  RspamdMap map_;
};

}  // namespace

std::optional<std::string> rspamd_text(const UclValue& section, std::string_view setting) {
  const auto& values = section.all(setting);
  if (values.size() != 1 || !values.front().is_text()) return std::nullopt;
  return values.front().text;
}

std::optional<bool> rspamd_switch(const UclValue& section, std::string_view setting) {
  const auto text = rspamd_text(section, setting);
  if (!text) return std::nullopt;
  const auto word = canon::lower_case(*text);
  return word == "true" || word == "yes" || word == "on";
}

RspamdMap read_rspamd_map(const UclValue& section, std::string_view setting, Sources& sources,
                          Remark::Kind loss) {
  MapReader reader(setting, sources, loss);
  for (const auto& value : section.all(setting))
    reader.read(value);
  return reader.take();
}

}  // namespace dkim::keytool::opendkim
