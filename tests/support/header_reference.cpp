#include "tests/support/header_reference.hpp"

namespace dkim::test {
namespace {

bool is_white(char c) {
  return c == ' ' || c == '\t';
}

std::string in_lower_case(std::string text) {
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

std::string reference_name(const canon::HeaderField& field) {
  std::string name = field.name;
  while (!name.empty() && is_white(name.back()))
    name.pop_back();
  return in_lower_case(name);
}

std::string reference_field(canon::Canonicalization algorithm, const canon::HeaderField& field) {
  if (algorithm == canon::Canonicalization::simple) return field.name + ":" + field.value + "\r\n";

  std::string unfolded;
  for (std::size_t i = 0; i < field.value.size(); ++i) {
    if (field.value.compare(i, 2, "\r\n") == 0) {
      ++i;
    } else {
      unfolded += field.value[i];
    }
  }
  std::string value;
  for (const char c : unfolded) {
    if (!is_white(c)) {
      value += c;
    } else if (!value.ends_with(' ')) {
      value += ' ';
    }
  }
  if (value.ends_with(' ')) value.pop_back();
  if (value.starts_with(' ')) value.erase(0, 1);
  return reference_name(field) + ":" + value + "\r\n";
}

std::vector<std::size_t> fields_for_verifier(const std::vector<canon::HeaderField>& message,
                                             const std::vector<std::string>& names) {
  std::vector<std::size_t> taken;
  std::vector<bool> used(message.size(), false);
  for (const auto& name : names) {
    for (std::size_t i = message.size(); i-- > 0;) {
      if (used[i] || reference_name(message[i]) != in_lower_case(name)) continue;
      used[i] = true;
      taken.push_back(i);
      break;
    }
  }
  return taken;
}

}  // namespace dkim::test
