// Writes a file of sealing keys, for tests/crypto/keys/sealing_key_crash_test.py.
// usage: sealing_key_probe make|add|list FILE, or remove-below FILE NUMBER
// list prints a line for each key: its number and its fingerprint.
#include <iostream>
#include <string>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/keys/sealing_keys.hpp"

using namespace dkim::crypto;

namespace {

void run(const std::vector<std::string>& words) {
  const auto& command = words.at(0);
  const auto& file = words.at(1);
  if (command == "make") {
    make_sealing_key_file(file);
  } else if (command == "add") {
    add_sealing_key(file);
  } else if (command == "remove-below") {
    remove_sealing_keys_below(file, std::stoi(words.at(2)));
  } else {
    const auto keys = SealingKeys::read(file);
    for (const auto& key : keys.all())
      std::cout << key.number << ' ' << key.fingerprint() << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
