// canon/tag_list: any text is a list or refused. A list that is written again reads the same.
#include <cstdint>

#include "canon/tag_list.hpp"
#include "canon/tag_list_writer.hpp"
#include "canon/text.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = canon::TagList::parse(text);
  if (!list) {
    test::require(list.refusal().byte <= size, "the position of a refusal is in the input");
    return 0;
  }
  canon::TagListWriter writer(15);
  for (const auto& tag : list->tags()) {
    test::require(text.substr(tag.byte).starts_with(tag.name), "a tag is where it says");
    test::require(list->find(tag.name) == tag.value, "a tag is found by its name");
    for (const auto part : canon::split_colons(tag.value))
      test::require(part == canon::trim_fws(part), "parts come without white space");
    writer.word(tag.name, canon::without_fws(tag.value));
  }
  const auto again = canon::TagList::parse(writer.str());
  test::require(again && again->tags().size() == list->tags().size(), "the number of tags is the same");
  for (std::size_t i = 0; i < list->tags().size(); ++i) {
    test::require(again->tags()[i].name == list->tags()[i].name, "the names are the same");
    test::require(again->tags()[i].value == canon::without_fws(list->tags()[i].value),
                  "the values are the same");
  }
  return 0;
}
