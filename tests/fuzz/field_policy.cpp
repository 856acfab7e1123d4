// canon/field_policy and canon/header_selection: the input is two lists and a header, divided by empty lines,
// with each name on a line of its own. A verifier must find the fields that were selected.
#include <cstdint>

#include "canon/header_selection.hpp"
#include "canon/text.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/header_reference.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> lists[3];
  for (std::size_t list = 0; !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0 || list == 2) lists[list].emplace_back(text.substr(0, end));
    if (end == 0 && list < 2) ++list;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto policy = canon::FieldPolicy::from_lists(lists[0], lists[1]);
  if (!policy) {
    const auto& error = policy.refusal();
    test::require(error.entry < lists[error.list == canon::FieldList::signed_headers ? 0 : 1].size(),
                  "a refusal names an entry");
    return 0;
  }
  std::vector<canon::HeaderField> fields;
  for (const auto& name : lists[2])
    fields.push_back({name, " x"});
  const auto selection = canon::select_fields(fields, *policy);
  test::require(selection.fields == test::fields_for_verifier(fields, selection.names),
                "a verifier takes the same fields");
  test::require(policy->is_signed("from"), "From is signed");
  for (const auto& name : selection.names)
    test::require(name.find_first_of(" \t\r\n:;") == std::string::npos, "names can stand in h=");
  for (const auto& oversigned : policy->oversigned()) {
    const auto same = [&](std::string_view name) {
      return canon::equal_ignoring_case(name, oversigned.name);
    };
    std::size_t there = 0;
    std::size_t named = 0;
    for (const auto& field : fields)
      there += same(test::reference_name(field)) ? 1 : 0;
    for (const auto& name : selection.names)
      named += same(name) ? 1 : 0;
    const bool more = there > 0 || oversigned.when == canon::Oversigning::always;
    test::require(named == there + (more ? 1 : 0), "an oversigned name is in h= once more than it occurs");
  }
  return 0;
}
