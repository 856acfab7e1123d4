// Writes a domain's state from one key directory into another, as the agent of a fleet does, for the tests
// that interrupt it:
//
//   copy_probe write FROM TO DOMAIN    prints "written" or "equal"
//   copy_probe remove TO DOMAIN
//   copy_probe read FROM DOMAIN        prints the manifest, and for each key whose file is there its public
//   key
//
// Failures end it with 1 and a message.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base64.hpp"
#include "crypto/store/domain_copy.hpp"
#include "crypto/store/key_store.hpp"

namespace dkim::crypto {
namespace {

DomainState state_of(const KeyStore& store, const canon::DomainName& domain) {
  auto read = store.read_manifest(domain);
  if (!read) throw StoreError("no manifest");
  DomainState state{.manifest = std::move(read->manifest), .keys = {}};
  for (const auto& entry : state.manifest.keys) {
    if (entry.state != KeyState::revoked) state.keys.push_back({entry.id(), store.load_key(domain, entry)});
  }
  return state;
}

int print(const KeyStore& store, const canon::DomainName& domain) {
  if (!store.read_manifest(domain)) {
    std::cout << "nothing\n";
    return 0;
  }
  const auto state = state_of(store, domain);
  std::cout << write_manifest(state.manifest);
  for (const auto& copied : state.keys)
    std::cout << copied.id.selector.str() << '+' << copied.id.use << ' '
              << to_string(state.manifest.find(copied.id.selector)->state) << ' '
              << base64_encode(copied.key.public_key()) << '\n';
  return 0;
}

int run(const std::vector<std::string>& words) {
  const auto domain = *canon::DomainName::parse(words.back());
  if (words.front() == "read") return print(KeyStore(words.at(1)), domain);
  if (words.front() == "remove") {
    remove_copy(KeyStore(words.at(1)), domain);
    return 0;
  }
  const bool written = write_copy(KeyStore(words.at(2)), domain, state_of(KeyStore(words.at(1)), domain));
  std::cout << (written ? "written\n" : "equal\n");
  return 0;
}

}  // namespace
}  // namespace dkim::crypto

int main(int count, char** arguments) {
  try {
    return dkim::crypto::run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
