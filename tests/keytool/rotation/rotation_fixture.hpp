// Makes manifests and views of DNS for the tests of the cycle of keys.
#pragma once

#include <string>
#include <vector>

#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool::rotation_test {

using namespace std::chrono_literals;
using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using crypto::Manifest;
using crypto::UtcTime;
using State = RecordView::State;
using Replace = RotationRequest::Replace;
using RetiringKeys = RotationRequest::RetiringKeys;
using std::chrono::days;

inline const UtcTime noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + 12h};

inline canon::Selector selector(const std::string& name) {
  return *canon::Selector::parse(name);
}

inline KeyEntry key(const std::string& name, KeyState state, Algorithm algorithm = Algorithm::rsa) {
  KeyEntry entry{.selector = selector(name), .algorithm = algorithm, .bits = 2048, .state = state};
  entry.created = noon - days(10);
  if (state != KeyState::pending) entry.activated = noon - days(10);
  if (state == KeyState::retiring) entry.retired = noon - days(1);
  if (state == KeyState::revoked) entry.revoked = noon - days(1);
  return entry;
}

inline const KeyEntry active = key("a", KeyState::active);
inline const KeyEntry pending = key("p", KeyState::pending);
inline const KeyEntry retiring = key("r", KeyState::retiring);
inline const KeyEntry revoked = key("v", KeyState::revoked);

inline Manifest manifest(std::vector<KeyEntry> keys) {
  Manifest out;
  out.keys = std::move(keys);
  return out;
}

inline RecordView view(State state, std::chrono::seconds memory = 1h) {
  return {state, memory, "ns1. serves something"};
}

// Returns a view in which not every server answers, and the others show this state.
inline RecordView so_far(State state) {
  return {.state = State::unknown,
          .memory = 1h,
          .detail = "ns2. no answer",
          .so_far = state,
          .all_answered = false};
}

using TimeOfEntry = std::optional<UtcTime> KeyEntry::*;

inline KeyEntry with(KeyEntry entry, TimeOfEntry time, UtcTime value) {
  entry.*time = value;
  return entry;
}

inline KeyEntry replacing(KeyEntry entry, const std::vector<std::string>& names) {
  for (const auto& name : names)
    entry.replaces.emplace_back(selector(name));
  return entry;
}

}  // namespace dkim::keytool::rotation_test
