// canon/tag_list_writer: for tags of any kind, order and size, no line is too long, and every fold is where
// RFC 6376 allows one.
#include <fuzzer/FuzzedDataProvider.h>

#include "canon/tag_list.hpp"
#include "canon/tag_list_writer.hpp"
#include "canon/text.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

// Only the length of a word matters to the writer.
std::string word(FuzzedDataProvider& input) {
  return std::string(input.ConsumeIntegralInRange<std::size_t>(1, 120), 'w');
}

void check_lines(std::string_view value, std::size_t first_column) {
  std::size_t column = first_column;
  while (true) {
    const std::size_t end = std::min(value.find("\r\n"), value.size());
    const std::string_view line = value.substr(0, end);
    const bool one_word = canon::trim_fws(line).find_first_of(" ") == std::string_view::npos;
    test::require(column + line.size() <= 76 || one_word, "a line has at most 76 columns");
    test::require(!canon::trim_fws(line).empty() && !canon::is_wsp(line.back()),
                  "no white space before a fold");
    if (end == value.size()) return;
    value.remove_prefix(end + 2);
    test::require(value.starts_with('\t'), "a folded line begins with HTAB");
    value.remove_prefix(1);
    column = 8;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const auto first_column = input.ConsumeIntegralInRange<std::size_t>(1, 30);
  canon::TagListWriter writer(first_column);
  writer.word("v", "1");
  std::string joined = "v=1";
  std::string last_base64;
  for (int i = 0; i < 40 && input.remaining_bytes() > 0; ++i) {
    const std::string name = "t" + std::to_string(i);
    std::string value;
    switch (input.ConsumeIntegralInRange(0, 2)) {
      case 0:
        value = word(input);
        writer.word(name, value);
        break;
      case 1: {
        std::vector<std::string> parts(input.ConsumeIntegralInRange<std::size_t>(1, 20));
        for (auto& part : parts) {
          part = word(input);
          value += (value.empty() ? "" : ":") + part;
        }
        writer.colon_list(name, parts);
        break;
      }
      default:
        value.assign(input.ConsumeIntegralInRange<std::size_t>(0, 700), 'b');
        writer.base64(name, value);
    }
    joined += ";" + name + "=" + value;
  }
  check_lines(writer.str(), first_column);
  test::require(canon::without_fws(writer.str()) == joined, "only white space was added");
  const auto list = canon::TagList::parse(writer.str());
  test::require(static_cast<bool>(list), "a written list can be read");
  std::string read;
  for (const auto& tag : list->tags()) {
    read += (read.empty() ? "" : ";") + std::string(tag.name) + "=" + canon::without_fws(tag.value);
    // Inside a value white space may stand before a colon, or between bytes of base64.
    for (std::size_t at = tag.value.find("\r\n\t"); at != std::string_view::npos;
         at = tag.value.find("\r\n\t", at + 1))
      test::require(tag.value[at + 3] == ':' || tag.value[at + 3] == 'b',
                    "a fold is where RFC 6376 allows one");
  }
  test::require(read == joined, "the tags are the same");
  return 0;
}
