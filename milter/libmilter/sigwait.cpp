// In the place of the C library's sigwait(3), for libmilter, the only one here to call it.
//
// It waits for SIGTERM and SIGINT in a thread of its own, and ends at once when one comes, in the middle of
// messages. The kernel chooses which of the threads that wait for a signal gets it, and one time in some
// thousand it was that thread and not the main one. Here it sleeps for good.
#include <unistd.h>
#include <csignal>

extern "C" int sigwait(const sigset_t*, int*) {
  while (true)
    pause();
}
