#include "keytool/system/program_output.hpp"

#include <fmt/format.h>

#include <iostream>

#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t most_shown = 64 << 10;
constexpr std::size_t longest_line = 1000;

}  // namespace

LineEcho::LineEcho(std::string_view program_name) : name_(terminal_text(program_name)) {}

void LineEcho::take(std::string_view bytes) {
  for (const char byte : bytes) {
    if (byte == '\n' || line_.size() == longest_line) show_line();
    if (byte != '\n') line_ += byte;
  }
}

void LineEcho::show_line() {
  if (!line_.empty() && shown_ < most_shown)
    std::cerr << fmt::format("{}: {}\n", name_, terminal_text(line_));
  shown_ += line_.size();
  line_.clear();
}

void Capture::take(std::string_view bytes) {
  const std::size_t room = limit_ - text_.size();
  is_over_limit_ = is_over_limit_ || bytes.size() > room;
  text_ += bytes.substr(0, room);
}

}  // namespace dkim::keytool
