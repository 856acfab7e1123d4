#include "tests/bench/texts.hpp"

#include <array>
#include <stdexcept>

namespace dkim::bench {

namespace {

constexpr std::array<std::string_view, 24> words{
    "the",   "server",       "reports", "that",  "a",    "filesystem", "is",       "almost",
    "full",  "and",          "will",    "reach", "its",  "limit",      "within",   "four",
    "hours", "Alertmanager", "at",      "host",  "db-1", "for",        "instance", "severity:"};

// Gives numbers without a period that a cache or a branch predictor could learn.
class Sequence {
 public:
  std::size_t below(std::size_t limit) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state_ >> 33) % limit;
  }

 private:
  unsigned long long state_ = 20261124;
};

void append_words(std::string& text, Sequence& sequence, std::size_t line_octets, std::string_view gap) {
  const std::size_t end = text.size() + line_octets;
  while (text.size() < end) {
    text += words[sequence.below(words.size())];
    text += gap;
  }
}

void append_line(std::string& text, Sequence& sequence, Shape shape) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  switch (shape) {
    case Shape::plain:
      append_words(text, sequence, 50 + sequence.below(20), " ");
      text.back() = '.';
      break;
    case Shape::base64:
      for (int column = 0; column < 76; ++column)
        text += digits[sequence.below(digits.size())];
      break;
    case Shape::spaced:
      append_words(text, sequence, 40 + sequence.below(20), sequence.below(2) == 0 ? "   " : "  ");
      break;
    case Shape::sprinkled:
      for (int column = 0; column < 72; ++column)
        text += sequence.below(9) == 0 ? ' ' : digits[sequence.below(digits.size())];
      break;
    case Shape::tabbed:
      append_words(text, sequence, 40 + sequence.below(20), "\t");
      break;
    case Shape::empty_lines:
      append_words(text, sequence, 30 + sequence.below(20), " ");
      text.back() = '.';
      text += "\r\n";
      break;
  }
  text += "\r\n";
}

}  // namespace

Shape shape_named(std::string_view name) {
  for (const Shape shape : all_shapes) {
    if (name_of(shape) == name) return shape;
  }
  throw std::invalid_argument("no such body shape: " + std::string(name));
}

std::string_view name_of(Shape shape) {
  switch (shape) {
    case Shape::plain:
      return "plain";
    case Shape::base64:
      return "base64";
    case Shape::spaced:
      return "spaced";
    case Shape::sprinkled:
      return "sprinkled";
    case Shape::tabbed:
      return "tabbed";
    case Shape::empty_lines:
      return "empty_lines";
  }
  return "";
}

std::string body_text(Shape shape, std::size_t size) {
  std::string text;
  text.reserve(size + 100);
  Sequence sequence;
  while (text.size() < size)
    append_line(text, sequence, shape);
  text.resize(size);
  if (size >= 2) {
    // The cut may have fallen between a CR and its LF.
    text.replace(size - 2, 2, "\r\n");
    if (size >= 3 && text[size - 3] == '\r') text[size - 3] = '.';
  }
  return text;
}

std::vector<test::Field> alert_fields(std::string_view domain) {
  const std::string at_domain = "@" + std::string(domain);
  return {
      {"Received", " by server" + at_domain.substr(1) +
                       " (Postfix, from userid 113)\n"
                       "\tid 4Xyz1k2m3n4P; Tue, 24 Nov 2026 06:00:00 +0000 (UTC)"},
      {"From", " Prometheus Alerts <alerts" + at_domain + ">"},
      {"To", " Operators <operators@example.net>, root@example.net"},
      {"Subject",
       " [FIRING:1] FilesystemAlmostFull (db-1 /dev/sda1 ext4 server.example.com:9100\n"
       " node critical)"},
      {"Date", " Tue, 24 Nov 2026 06:00:00 +0000"},
      {"Message-ID", " <1795500000.4711.12345678901234567890" + at_domain + ">"},
      {"MIME-Version", " 1.0"},
      {"Content-Type", " text/plain; charset=UTF-8"},
      {"Content-Transfer-Encoding", " 7bit"},
      {"X-Mailer", " alertmanager/0.26"},
  };
}

}  // namespace dkim::bench
