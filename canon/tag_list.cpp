#include "canon/tag_list.hpp"

#include <algorithm>
#include <set>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// tag-name = ALPHA *ALNUMPUNC
bool is_tag_name(std::string_view name) {
  return !name.empty() && is_alpha(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

// tval and the FWS between tvals: VALCHAR is %x21-3A / %x3C-7E.
bool is_value_byte(char c) {
  return is_fws(c) || !is_control(c);
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  std::vector<Tag> tags;
  std::set<std::string_view> seen;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(';', start), text.size());
    const std::string_view spec = text.substr(start, end - start);
    if (trim_fws(spec).empty()) {
      // One ";" may end the list; nothing else may be empty.
      if (end != text.size()) return Refusal{"an empty tag", start};
      break;
    }
    const std::size_t equals = spec.find('=');
    const std::string_view name = trim_fws(spec.substr(0, equals));
    const std::size_t name_byte = start + static_cast<std::size_t>(name.data() - spec.data());
    if (!is_tag_name(name)) return Refusal{"not a tag name", name_byte};
    if (equals == std::string_view::npos) return Refusal{"a tag without =", name_byte};
    const std::string_view value = trim_fws(spec.substr(equals + 1));
    const auto bad = std::find_if_not(value.begin(), value.end(), is_value_byte);
    if (bad != value.end()) {
      const auto inside = static_cast<std::size_t>(bad - value.begin());
      return Refusal{"a byte that no tag value may have",
                     static_cast<std::size_t>(value.data() - text.data()) + inside};
    }
    if (!seen.insert(name).second) return Refusal{"a tag that occurs twice", name_byte};
    tags.push_back({name, value, name_byte});
    start = end + 1;
  }
  if (tags.empty()) return Refusal{"no tag at all", 0};
  return TagList(std::move(tags));
}

std::optional<std::string_view> TagList::find(std::string_view name) const {
  const auto tag = std::find_if(tags_.begin(), tags_.end(), [&](const Tag& t) { return t.name == name; });
  if (tag == tags_.end()) return std::nullopt;
  return tag->value;
}

std::vector<std::string_view> split_colons(std::string_view value) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = std::min(value.find(':', start), value.size());
    parts.push_back(trim_fws(value.substr(start, end - start)));
    if (end == value.size()) return parts;
    start = end + 1;
  }
}

}  // namespace dkim::canon
