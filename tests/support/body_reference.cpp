#include "tests/support/body_reference.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace dkim::test {
namespace {

using canon::BodyCanonicalizer;
using canon::Canonicalization;

// Returns the lines without their ends; the text after the last line end is a line only if it is not empty.
std::vector<std::string> lines_of(std::string_view body) {
  std::vector<std::string> lines;
  while (!body.empty()) {
    const auto end = body.find('\n');
    if (end == std::string_view::npos) {
      lines.emplace_back(body);
      break;
    }
    std::string line(body.substr(0, end));
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
    body.remove_prefix(end + 1);
  }
  return lines;
}

bool is_white(char c) {
  return c == ' ' || c == '\t';
}

std::string without_extra_white_space(const std::string& line) {
  std::string out;
  for (const char c : line) {
    if (!is_white(c)) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string run_on(const canon::Squeeze& squeeze, Canonicalization algorithm,
                   const std::vector<std::string_view>& chunks) {
  std::string out;
  const BodyCanonicalizer::Sink sink = [&](std::string_view piece) { out += piece; };
  BodyCanonicalizer canonicalizer(algorithm, squeeze);
  for (const auto chunk : chunks) {
    const auto copy = std::make_unique<char[]>(chunk.size());
    if (!chunk.empty()) std::memcpy(copy.get(), chunk.data(), chunk.size());
    canonicalizer.update({copy.get(), chunk.size()}, sink);
  }
  canonicalizer.finish(sink);
  return out;
}

std::string run(Canonicalization algorithm, const std::vector<std::string_view>& chunks) {
  const auto all = canon::squeezes();
  std::string out = run_on(all.front(), algorithm, chunks);
  for (const auto& squeeze : all.subspan(1)) {
    if (run_on(squeeze, algorithm, chunks) != out)
      throw std::logic_error("the canonical body is another one by " + std::string(squeeze.instruction_set));
  }
  return out;
}

}  // namespace

std::string reference_body(Canonicalization algorithm, std::string_view body) {
  auto lines = lines_of(body);
  if (algorithm == Canonicalization::relaxed) {
    for (auto& line : lines)
      line = without_extra_white_space(line);
  }
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  std::string out;
  for (const auto& line : lines)
    out += line + "\r\n";
  if (out.empty() && algorithm == Canonicalization::simple) out = "\r\n";
  return out;
}

std::string canonical_body(Canonicalization algorithm, std::string_view body,
                           const std::vector<std::size_t>& cuts) {
  std::vector<std::string_view> chunks;
  std::size_t start = 0;
  for (const auto cut : cuts) {
    chunks.push_back(body.substr(start, cut - start));
    start = cut;
  }
  chunks.push_back(body.substr(start));
  return run(algorithm, chunks);
}

std::string canonical_body_octet_by_octet(Canonicalization algorithm, std::string_view body) {
  std::vector<std::string_view> chunks;
  for (std::size_t i = 0; i < body.size(); ++i)
    chunks.push_back(body.substr(i, 1));
  return run(algorithm, chunks);
}

std::string random_body(std::mt19937& random, std::size_t size) {
  using namespace std::string_view_literals;
  constexpr std::string_view pieces[] = {"\r\n"sv, "\r\n"sv,   "\r\n"sv, "\r\n\r\n"sv,    "\n"sv,
                                         "\r"sv,   "\r\r\n"sv, " "sv,    " "sv,           "\t"sv,
                                         "\0"sv,   "a"sv,      "b"sv,    "."sv,           "\v\f"sv,
                                         "\x7f"sv, "\xc3"sv,   "text"sv, "twelve words"sv};
  // Some bodies have no plain text between the pieces, others have whole vector blocks of it.
  const std::size_t longest_run = std::uniform_int_distribution<std::size_t>(0, 200)(random);
  std::uniform_int_distribution<std::size_t> any_piece(0, std::size(pieces) - 1);
  std::uniform_int_distribution<std::size_t> any_run(0, longest_run);
  std::string body;
  while (body.size() < size) {
    body += pieces[any_piece(random)];
    if (any_piece(random) == 0) body.append(any_run(random), 'x');
  }
  body.resize(size);
  return body;
}

std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t size, std::size_t count) {
  std::uniform_int_distribution<std::size_t> anywhere(0, size);
  std::vector<std::size_t> cuts(count);
  for (auto& cut : cuts)
    cut = anywhere(random);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (octet < 0x20 || octet >= 0x7f) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\x";
      out += digits[octet / 16];
      out += digits[octet % 16];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace dkim::test
