#include "tests/vectors/vector_file.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace dkim::test {
namespace {

std::size_t number(std::string_view digits, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw std::runtime_error("not a number: " + std::string(digits));
  return value;
}

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    const char escape = text.empty() ? '\0' : text.front();
    text.remove_prefix(text.empty() ? 0 : 1);
    const auto simple = std::string_view("rnts\\").find(escape);
    if (escape == 'x' && text.size() >= 2) {
      out += static_cast<char>(number(text.substr(0, 2), 16));
      text.remove_prefix(2);
    } else if (escape == '{' && text.find('}') + 1 < text.size()) {
      const std::size_t close = text.find('}');
      out.append(number(text.substr(0, close), 10), text[close + 1]);
      text.remove_prefix(close + 2);
    } else if (escape != '\0' && simple != std::string_view::npos) {
      out += "\r\n\t \\"[simple];
    } else {
      throw std::runtime_error(std::string("an unknown escape \\") + escape);
    }
  }
  return out;
}

}  // namespace

const std::string& VectorRecord::get(std::string_view key) const {
  const auto same = [&](const auto& entry) { return entry.first == key; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), same);
  if (found == entries_.end() || std::count_if(entries_.begin(), entries_.end(), same) != 1)
    throw std::runtime_error(where_ + ": the key must be there exactly once: " + std::string(key));
  return found->second;
}

std::vector<std::string> VectorRecord::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : entries_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

bool VectorRecord::has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == key; });
}

std::vector<VectorRecord> read_vectors(std::string_view file) {
  std::istringstream lines(read_vector_file(file));
  std::vector<VectorRecord> records;
  bool in_record = false;
  std::size_t line_number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string where = std::string(file) + ":" + std::to_string(++line_number);
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      in_record = false;
      continue;
    }
    const auto equals = line.find(" =");
    if (equals == std::string::npos) throw std::runtime_error(where + ": a line without =");
    if (!in_record) records.emplace_back().where_ = where;
    in_record = true;
    const std::string value = equals + 3 <= line.size() ? line.substr(equals + 3) : std::string();
    try {
      records.back().entries_.emplace_back(line.substr(0, equals), unescape(value));
    } catch (const std::exception& error) {
      throw std::runtime_error(where + ": " + error.what());
    }
  }
  if (records.empty()) throw std::runtime_error(std::string(file) + ": no vectors");
  return records;
}

std::string vector_path(std::string_view file) {
  return DKIMSIGND_VECTORS "/" + std::string(file);
}

std::string read_vector_file(std::string_view file) {
  std::ifstream in(vector_path(file), std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + vector_path(file));
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace dkim::test
