// The UNIX socket in the file system: removes a dead one before we listen, gives ours its mode and group, and
// removes it when we stop. An inet socket needs none of this. Errors are crypto::Error.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "milter/config.hpp"

namespace dkim::milter {

class ListenSocket {
 public:
  // Removes a stale socket at the path, which is one that refuses connections. Throws crypto::Error if
  // somebody listens there, if something other than a socket is there, or if the directory does not exist.
  ListenSocket(const SocketAddress& address, mode_t mode);

  // Calls open, which binds the socket, so that the socket is never more open than its mode; then gives the
  // socket the group of its directory. For Postfix, which may be in a chroot, that directory is
  // /var/spool/postfix/dkimsignd, and its group is postfix. Throws crypto::Error.
  template <typename Open>
  void open_with(Open open) {
    const RestrictedUmask umask(mode_);
    open();
    if (address_.is_unix()) set_attributes();
  }

  // Removes the socket from the file system if it is still ours, so that nobody finds it any more.
  void remove() noexcept;

 private:
  class RestrictedUmask {
   public:
    explicit RestrictedUmask(mode_t mode);
    RestrictedUmask(const RestrictedUmask&) = delete;
    RestrictedUmask& operator=(const RestrictedUmask&) = delete;
    ~RestrictedUmask();

   private:
    mode_t previous_;
  };

  void set_attributes();

  SocketAddress address_;
  mode_t mode_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace dkim::milter
