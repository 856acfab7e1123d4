// A process that brings this machine's copy to another change (.fleet) takes a turn: the agent, or a command
// of a person. So no two of them write the same domains, or move the copy's sequence past what the other has
// not yet written. A dkimkey that changes a single domain needs none.
#pragma once

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/membership.hpp"

namespace dkim::keytool::fleet {

// The key directory belongs to no fleet (any more).
class NoMember : public crypto::StoreError {
 public:
  using StoreError::StoreError;
};

[[noreturn]] void throw_no_member(const crypto::KeyStore& store);

// Waits a minute at most. Throws StoreError, which names the process that has the turn.
crypto::FileDescriptor take_turn(const crypto::KeyStore& store);

// A turn of a machine that is in a fleet. Throws NoMember, or as take_turn does.
struct CopyTurn {
  explicit CopyTurn(const crypto::KeyStore& store);

  crypto::FileDescriptor lock;
  crypto::Membership membership;
};

}  // namespace dkim::keytool::fleet
