// canon/mailbox: any From: value is read or refused. Mailboxes that were read can be written and read again.
#include <cstdint>

#include "canon/mailbox.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

std::string written(const canon::Mailbox& mailbox) {
  std::string out = "\"";
  for (const char c : mailbox.local_part) {
    out += '\\';
    out += c;
  }
  return out + "\"@" + mailbox.domain;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto found = canon::parse_mailboxes(value);
  if (!found) {
    test::require(found.refusal().byte <= size, "the position of a refusal is in the input");
    for (const char c : found.refusal().reason)
      test::require(c >= ' ' && c < 0x7f, "a reason is safe to log");
    return 0;
  }
  test::require(!found->empty(), "an answer has a mailbox");
  std::string all;
  for (const auto& mailbox : *found) {
    test::require(!mailbox.domain.empty(), "a mailbox has a domain");
    if (mailbox.domain.front() != '[')
      test::require(mailbox.domain.find_first_of(" \t\r\n()<>,:;@\"\\[]") == std::string::npos,
                    "a domain is plain text");
    all += (all.empty() ? "" : ",\r\n <") + written(mailbox) + (all.empty() ? "" : ">");
  }
  const auto again = canon::parse_mailboxes(all);
  test::require(again && again->size() == found->size(), "mailboxes that were read can be read again");
  for (std::size_t i = 0; i < found->size(); ++i) {
    test::require((*again)[i].local_part == (*found)[i].local_part, "the local part is the same");
    test::require((*again)[i].domain == (*found)[i].domain, "the domain is the same");
  }
  return 0;
}
