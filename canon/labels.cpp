#include "canon/labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::canon {

std::optional<Refusal> check_labels(std::string_view name) {
  if (name.empty()) return Refusal{"an empty name", 0};
  if (name.size() > longest_name)
    return Refusal{fmt::format("a name longer than {} bytes", longest_name), longest_name};
  std::size_t start = 0;
  while (true) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    const std::string_view label = name.substr(start, end - start);
    if (label.empty()) return Refusal{"an empty label", start};
    if (label.size() > longest_label)
      return Refusal{fmt::format("a label longer than {} bytes", longest_label), start};
    for (std::size_t i = 0; i < label.size(); ++i) {
      if (!is_alnum(label[i]) && label[i] != '-' && label[i] != '_') {
        return Refusal{"a byte other than letters, digits, - and _", start + i};
      }
    }
    if (label.front() == '-' || label.back() == '-')
      return Refusal{"a label that begins or ends with -", start};
    if (end == name.size()) return std::nullopt;
    start = end + 1;
  }
}

bool is_below(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() + 1 && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

}  // namespace dkim::canon
