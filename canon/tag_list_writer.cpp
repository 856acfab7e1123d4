#include "canon/tag_list_writer.hpp"

namespace dkim::canon {
namespace {

constexpr std::size_t last_column = 76;
constexpr std::size_t tab_width = 8;

}  // namespace

void TagListWriter::word(std::string_view name, std::string_view value) {
  open_tag(name, value.size() + 1);
  put(value);
}

void TagListWriter::colon_list(std::string_view name, const std::vector<std::string>& parts) {
  open_tag(name, parts.empty() ? 0 : parts.front().size() + 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // Counts the part, the colon before it and the colon or semicolon after it.
    if (i > 0 && parts[i].size() + 2 > room()) fold();
    if (i > 0) put(":");
    put(parts[i]);
  }
}

void TagListWriter::base64(std::string_view name, std::string_view value) {
  // At least four bytes go on the first line: a tag name alone at a line's end reads badly. An empty value
  // asks for the same, so that filling it in later moves nothing before it.
  open_tag(name, 4);
  while (!value.empty()) {
    if (room() <= 1) fold();
    const auto piece = value.substr(0, room() - 1);
    put(piece);
    value.remove_prefix(piece.size());
  }
}

// Writes "; name=" or " name=", on a new line if it and the wanted bytes do not fit on this one.
void TagListWriter::open_tag(std::string_view name, std::size_t wanted) {
  if (!text_.empty()) put(";");
  if (text_.empty() || name.size() + 2 + wanted <= room()) {
    put(" ");
  } else {
    fold();
  }
  put(name);
  put("=");
}

void TagListWriter::put(std::string_view text) {
  text_ += text;
  column_ += text.size();
}

void TagListWriter::fold() {
  text_ += "\r\n\t";
  column_ = tab_width;
}

std::size_t TagListWriter::room() const {
  return column_ < last_column ? last_column - column_ : 0;
}

}  // namespace dkim::canon
