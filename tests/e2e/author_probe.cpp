// Reads From: values, each ended by a NUL. Prints on one line for each whom a message would be signed for:
// "rfc5322 ADDRESS...", "loose ADDRESS", or "refused REASON".
#include <iostream>

#include "crypto/signatures/identity.hpp"

int main() {
  for (std::string value; std::getline(std::cin, value, '\0');) {
    const auto authors = dkim::crypto::authors_of_message({{"From", " " + value}});
    if (!authors) {
      std::cout << "refused " << authors.refusal().reason << '\n';
      continue;
    }
    std::cout << (authors->note.empty() ? "rfc5322" : "loose");
    for (const auto& mailbox : authors->mailboxes)
      std::cout << ' ' << mailbox.local_part << '@' << mailbox.domain;
    std::cout << '\n';
  }
}
