#include "keytool/fleet/copy_turn.hpp"

#include <fmt/format.h>

#include "crypto/directory.hpp"

namespace dkim::keytool::fleet {
namespace {

// Not the lock of .fleet itself, which is held only while that is written.
constexpr const char* lock_name = ".sync.lock";

crypto::Membership member(const crypto::KeyStore& store) {
  auto membership = crypto::read_membership(store);
  if (!membership) throw_no_member(store);
  return *std::move(membership);
}

// Makes no file in the directory of a machine that is in no fleet.
crypto::FileDescriptor take_turn_of_member(const crypto::KeyStore& store) {
  member(store);
  return take_turn(store);
}

}  // namespace

void throw_no_member(const crypto::KeyStore& store) {
  throw NoMember(fmt::format("{} belongs to no fleet; dkimkey fleet join makes it the copy of one",
                             store.directory().string()));
}

crypto::FileDescriptor take_turn(const crypto::KeyStore& store) {
  return crypto::Directory::open(store.directory()).lock(lock_name);
}

CopyTurn::CopyTurn(const crypto::KeyStore& store)
    : lock(take_turn_of_member(store)), membership(member(store)) {}

}  // namespace dkim::keytool::fleet
