// The threads that serve connections; they replace libmilter's own pool of workers.
//
// libmilter's pool (its worker.c) lets two connections count on one idle thread, so that one waits for the
// other to end; it gives a thread, for up to two hours, to a peer that has sent one byte; and it forgets a
// connection for which no thread can be started. This file defines the two functions that libmilter calls for
// its pool, so that the linker takes nothing of worker.c from the archive. A libmilter that was built without
// a pool, with a thread for each connection, does not call them and stays as it is.
//
// All connections that no thread serves are in one epoll set, and all threads that serve no connection wait
// for that set. As long as more threads can be started, one is always waiting.
// milter/libmilter/served_connection releases the thread of a connection as soon as no whole packet is left
// on it.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include "milter/libmilter/listener.hpp"
#include "milter/libmilter/served_connection.hpp"
#include "milter/troubles.hpp"

struct smfi_str;

// From libmilter's engine.c. The first continues with a connection until nothing can be read from it; the
// second ends a connection, closes its descriptor and frees it.
extern "C" int mi_engine(smfi_str* context);
extern "C" void mi_clr_ctx(smfi_str* context);

namespace dkim::milter {
namespace {

using Clock = std::chrono::steady_clock;

// What libmilter's functions return: MI_SUCCESS, MI_FAILURE and, internally, MI_CONTINUE.
constexpr int success = 0;
constexpr int failure = -1;
constexpr int goes_on = 1;

// An MTA sends whole packets; this leaves time for a network that has to retransmit.
constexpr std::chrono::seconds longest_stall{10};
// Between packets; the same as in libmilter.
constexpr std::chrono::seconds longest_silence{7210};

constexpr unsigned kept_workers = 8;
// Messages cost processor time, so few threads more than processors help. There are more of them because some
// wait for a disk, or for a peer to read its answer, and must not hold up the others.
unsigned most_workers() {
  return std::clamp(4 * std::thread::hardware_concurrency(), 64U, 256U);
}

struct Connection {
  smfi_str* context;
  int descriptor;
  ConnectionState state;
  // The list that it is in, and since when.
  std::list<Connection>* list = nullptr;
  std::list<Connection>::iterator place;
  Clock::time_point since;
};

class WorkerPool {
 public:
  bool start() noexcept {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    return epoll_ >= 0 && add_worker() && add_worker();
  }

  // Takes ownership of the connection, also if it fails.
  void add(smfi_str* context, int descriptor) noexcept {
    std::list<Connection> one;
    try {
      one.push_back({context, descriptor, {}, nullptr, {}, {}});
    } catch (const std::exception&) {
      troubles().note(Trouble::memory);
      mi_clr_ctx(context);
      return;
    }
    auto& connection = one.front();
    connection.list = &one;
    connection.place = one.begin();
    move_to(served_, connection);
    give_back(connection, EPOLL_CTL_ADD);
  }

 private:
  static void* run_worker(void* pool) noexcept {
    static_cast<WorkerPool*>(pool)->work();
    return nullptr;
  }

  // Returns false if there are enough workers, or no more can be started.
  bool add_worker() noexcept {
    if (workers_.fetch_add(1) < most_workers_) {
      pthread_t thread;
      waiting_.fetch_add(1);
      if (pthread_create(&thread, nullptr, run_worker, this) == 0) {
        pthread_detach(thread);
        return true;
      }
      waiting_.fetch_sub(1);
      troubles().note(Trouble::threads);
    }
    workers_.fetch_sub(1);
    return false;
  }

  // The worker counts as waiting when it begins.
  void work() noexcept {
    const ServingThread thread;
    if (!thread.ready()) troubles().note(Trouble::threads);
    while (thread.ready()) {
      epoll_event event{};
      const int count = epoll_wait(epoll_, &event, 1, end_what_is_overdue());
      if (count != 1) continue;
      if (waiting_.fetch_sub(1) == 1) add_worker();
      serve(*static_cast<Connection*>(event.data.ptr));
      if (waiting_.fetch_add(1) >= kept_workers) break;
    }
    waiting_.fetch_sub(1);
    workers_.fetch_sub(1);
  }

  void serve(Connection& connection) noexcept {
    move_to(served_, connection);
    begin_to_serve(connection.descriptor, connection.state);
    const bool over = mi_engine(connection.context) != goes_on;
    end_to_serve(over ? ServiceEnd::connection_is_over : ServiceEnd::connection_goes_on);
    if (over) {
      close(connection);
    } else {
      give_back(connection, EPOLL_CTL_MOD);
    }
  }

  // Gives the connection back to the set, for any thread that is free. If a whole packet is held already, the
  // set returns the connection as soon as an answer can be written.
  void give_back(Connection& connection, int operation) noexcept {
    const auto& bytes = connection.state.bytes;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    if (bytes.has_whole_packet()) event.events |= EPOLLOUT;
    event.data.ptr = &connection;
    {
      // Another thread may serve the connection before epoll_ctl(2) returns. It needs this lock first, so it
      // comes after all that is done here.
      const std::lock_guard lock(mutex_);
      put_into(bytes.empty() ? silent_ : begun_, connection);
      if (epoll_ctl(epoll_, operation, connection.descriptor, &event) == 0) return;
    }
    troubles().note(Trouble::memory);
    close(connection);
  }

  void close(Connection& connection) noexcept {
    std::list<Connection> gone;
    move_to(gone, connection);  // first, since its descriptor's number may come back as another connection
    mi_clr_ctx(connection.context);
  }

  void move_to(std::list<Connection>& list, Connection& connection) noexcept {
    const std::lock_guard lock(mutex_);
    put_into(list, connection);
  }

  // For a caller that holds the lock.
  static void put_into(std::list<Connection>& list, Connection& connection) noexcept {
    list.splice(list.end(), *connection.list, connection.place);
    connection.list = &list;
    connection.since = Clock::now();
  }

  // Ends the connections that have taken too long. Returns the time to wait until the next look, in
  // milliseconds.
  int end_what_is_overdue() noexcept {
    unsigned stalled = 0;
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      stalled = shut_down_since(begun_, longest_stall);
      shut_down_since(silent_, longest_silence);
      more = !begun_.empty();
    }
    for (; stalled > 0; --stalled)
      troubles().note(Trouble::stalled);
    if (troubles().look()) more = true;
    return more ? 1'000 : 10'000;
  }

  // Shuts the connections down and returns their number. The set then gives each one to a thread, which finds
  // its end.
  static unsigned shut_down_since(std::list<Connection>& list, std::chrono::seconds longest) noexcept {
    const auto now = Clock::now();
    unsigned count = 0;
    while (!list.empty() && now - list.front().since > longest) {
      list.front().since = now;
      shutdown(list.front().descriptor, SHUT_RDWR);
      list.splice(list.end(), list, list.begin());
      ++count;
    }
    return count;
  }

  std::atomic<unsigned> workers_ = 0;
  std::atomic<unsigned> waiting_ = 0;
  const unsigned most_workers_ = most_workers();
  int epoll_ = -1;

  std::mutex mutex_;
  // Each list is in the order in which the connections came to it.
  std::list<Connection> served_;
  std::list<Connection> silent_;
  std::list<Connection> begun_;
};

// Never destroyed: its threads may outlive main().
WorkerPool& pool() {
  static auto* const all = new WorkerPool;
  return *all;
}

}  // namespace
}  // namespace dkim::milter

extern "C" {

// Called once, before the first connection.
int mi_pool_controller_init() {
  using namespace dkim::milter;
  return pool().start() ? success : failure;
}

// Called for each connection, by the thread that has accepted it. Never fails: libmilter would sleep after a
// failure, and end after some of them.
int mi_start_session(smfi_str* context) {
  using namespace dkim::milter;
  pool().add(context, last_accepted());
  return success;
}

}  // extern "C"
