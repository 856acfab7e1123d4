// The threads that serve connections, in the place of libmilter's pool of workers.
//
// libmilter's own (libmilter/worker.c) lets two connections count on one idle thread, so that one waits for
// the other to end, gives a thread away to whoever has sent one octet, for up to two hours, and forgets a
// connection for which no thread can be made. This file defines the two functions that libmilter calls for
// its pool; the linker then takes none of worker.c from the archive. A libmilter that was built without a
// pool, a thread a connection, does not call them and is as it was.
//
// All connections that nobody serves are in one epoll set, and all threads that serve nobody wait for it. As
// long as more threads can be made, one is always waiting. milter/libmilter/served_connection lets a thread
// go from a connection as soon as no whole packet is left on it.
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

// Of libmilter/engine.c: goes on with a connection until nothing can be read from it; ends one, its
// descriptor included, and frees it.
extern "C" int mi_engine(smfi_str* context);
extern "C" void mi_clr_ctx(smfi_str* context);

namespace dkim::milter {
namespace {

using Clock = std::chrono::steady_clock;

// What libmilter's functions return: MI_SUCCESS, MI_FAILURE and, among themselves, MI_CONTINUE.
constexpr int success = 0;
constexpr int failure = -1;
constexpr int goes_on = 1;

// An MTA sends its packets whole; this is for a network that has to send again.
constexpr std::chrono::seconds longest_stall{10};
// Between packets, as libmilter has it.
constexpr std::chrono::seconds longest_silence{7210};

constexpr unsigned kept_workers = 8;
// Messages cost processor time, so that few threads more than processors help; those that wait for a disk or
// for a peer to take its answer are not to be in the way of the others.
unsigned most_workers() {
  return std::clamp(4 * std::thread::hardware_concurrency(), 64U, 256U);
}

struct Connection {
  smfi_str* context;
  int descriptor;
  ConnectionState state;
  // Where it is, and since when.
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

  // Takes the connection over, whatever happens.
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

  // False if there are enough, or no more can be made.
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

  // Counts as waiting when it begins.
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

  // To the set, for whichever thread is free. Where a packet is held already it is next as soon as it can be
  // answered.
  void give_back(Connection& connection, int operation) noexcept {
    const auto& octets = connection.state.octets;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    if (octets.has_whole_packet()) event.events |= EPOLLOUT;
    event.data.ptr = &connection;
    move_to(octets.empty() ? silent_ : begun_, connection);
    // From here on it may be another thread's.
    if (epoll_ctl(epoll_, operation, connection.descriptor, &event) == 0) return;
    troubles().note(Trouble::memory);
    close(connection);
  }

  void close(Connection& connection) noexcept {
    std::list<Connection> gone;
    move_to(gone, connection);  // first, since the number of its descriptor may come back as another's
    mi_clr_ctx(connection.context);
  }

  void move_to(std::list<Connection>& list, Connection& connection) noexcept {
    const std::lock_guard lock(mutex_);
    list.splice(list.end(), *connection.list, connection.place);
    connection.list = &list;
    connection.since = Clock::now();
  }

  // Gives how many milliseconds to wait until the next look.
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

  // The set then gives it to a thread, and that finds its end.
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
  // Each in the order in which they came to it.
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

// Called for each connection, by the thread that has accepted it. Never fails: at a failure libmilter sleeps,
// and after some of them it ends.
int mi_start_session(smfi_str* context) {
  using namespace dkim::milter;
  pool().add(context, last_accepted());
  return success;
}

}  // extern "C"
