#include "canon/header_canon.hpp"

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

std::string relaxed_field(const HeaderField& field) {
  std::string out;
  out.reserve(field.name.size() + field.value.size() + 3);
  for (const char c : field.name)
    out += to_lower(c);
  while (!out.empty() && is_wsp(out.back()))
    out.pop_back();
  out += ':';

  // Unfolds, reduces runs of white space to one SP and drops them at both ends (§3.4.2). A run is written as
  // one SP only when something follows it, which does all three at once.
  const std::size_t value_start = out.size();
  bool space = false;
  for (std::size_t i = 0; i < field.value.size(); ++i) {
    const char c = field.value[i];
    if (c == '\r' && i + 1 < field.value.size() && field.value[i + 1] == '\n') {
      ++i;
    } else if (is_wsp(c)) {
      space = true;
    } else {
      if (space && out.size() > value_start) out += ' ';
      space = false;
      out += c;
    }
  }
  out += "\r\n";
  return out;
}

}  // namespace

std::string canonical_field(Canonicalization algorithm, const HeaderField& field) {
  if (algorithm == Canonicalization::relaxed) return relaxed_field(field);
  return field.name + ":" + field.value + "\r\n";
}

}  // namespace dkim::canon
