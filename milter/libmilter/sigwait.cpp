// Replaces the C library's sigwait(3) for libmilter, which is the only caller.
//
// libmilter waits for SIGTERM and SIGINT in a thread of its own, and ends at once when one comes, in the
// middle of messages. The kernel chooses which of the waiting threads gets a signal, and about one time in a
// thousand it was that thread and not the main one. With this, that thread sleeps forever.
#include <unistd.h>
#include <csignal>

extern "C" int sigwait(const sigset_t*, int*) {
  while (true)
    pause();
}
