// canon/domain_name, canon/selector, canon/labels: from any text, only a safe name comes out.
#include <cstdint>

#include "canon/domain_name.hpp"
#include "canon/labels.hpp"
#include "canon/selector.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

void check_name(const std::string& name) {
  test::require(!canon::check_labels(name), "a name has good labels");
  test::require(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos,
                "no byte has a meaning in a path");
  test::require(name.front() != '.' && name.find("..") == std::string::npos,
                "a name leads nowhere up a path");
  test::require(name.size() <= 253, "a name fits into DNS");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto domain = canon::DomainName::parse(text)) {
    check_name(domain->str());
    const auto again = canon::DomainName::parse(domain->str());
    test::require(again && *again == *domain, "a name reads as itself");
    for (auto parent = domain->parent(); parent; parent = parent->parent())
      test::require(domain->str().ends_with("." + parent->str()), "a parent is the end of its child");
  } else {
    test::require(!domain.refusal().reason.empty(), "a refusal has a reason");
  }
  if (const auto selector = canon::Selector::parse(text)) {
    check_name(selector->str());
    test::require(selector->str().size() == size, "only the case of a selector changes");
  }
  return 0;
}
