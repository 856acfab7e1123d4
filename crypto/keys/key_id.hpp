// Names one key of a domain: in a slot (crypto/store/manifest), the same selector has one key after another.
// Never fails.
#pragma once

#include <utility>

#include "canon/selector.hpp"

namespace dkim::crypto {

struct KeyId {
  // A selector alone means its first key.
  KeyId(canon::Selector name, int number = 1)
      : selector(std::move(name)), use(number) {}  // NOLINT(google-explicit-constructor)

  canon::Selector selector;
  int use;

  bool operator==(const KeyId&) const = default;
};

}  // namespace dkim::crypto
