// The UNIX socket in the file system: a dead one is taken away before we listen, ours gets its mode and
// group after, and goes when we stop.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "milter/config.hpp"

namespace dkim::milter {

class ListenSocket {
 public:
  // Removes a stale socket at the path: one to which a connect is refused. Throws crypto::Error if somebody
  // answers there, if something other than a socket is there, or if the directory does not exist.
  ListenSocket(const SocketAddress& address, mode_t mode);

  // Calls open, which is to bind the socket, so that at no instant it is more open than its mode; then gives
  // it the group of its directory. For Postfix in its chroot that directory is
  // /var/spool/postfix/dkimsignd, of group postfix. Throws crypto::Error.
  template <typename Open>
  void open_with(Open open) {
    const RestrictedUmask umask(mode_);
    open();
    if (address_.is_unix()) set_attributes();
  }

  // Takes the socket out of the file system, if it is still ours: nobody finds it any more.
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
