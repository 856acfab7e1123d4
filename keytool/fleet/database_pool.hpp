// Connections to the fleet's database for threads that work at the same time: each borrows one and gives it
// back. A connection knows whether its server was found to have the history of this machine's copy.
//
// Any thread. Failures are DatabaseError.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

class DatabasePool {
  struct Pooled {
    explicit Pooled(const FleetSettings& settings) : database(settings) {}

    FleetDatabase database;
    bool is_judged = false;
  };

 public:
  explicit DatabasePool(FleetSettings settings) : settings_(std::move(settings)) {}
  const FleetSettings& settings() const { return settings_; }

  // The pool must outlive it. No transaction may be under way when it is destroyed.
  class Borrowed {
   public:
    Borrowed(Borrowed&&) noexcept = default;
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed();
    FleetDatabase& operator*() const { return pooled_->database; }
    FleetDatabase* operator->() const { return &pooled_->database; }
    bool is_judged() const { return pooled_->is_judged; }
    void note_judged() { pooled_->is_judged = true; }

   private:
    friend class DatabasePool;
    Borrowed(DatabasePool& pool, std::unique_ptr<Pooled> pooled, bool is_new)
        : pool_(&pool), pooled_(std::move(pooled)), is_new_(is_new) {}

    DatabasePool* pool_;
    std::unique_ptr<Pooled> pooled_;
    bool is_new_;
  };

  // Connects if no connection is idle.
  Borrowed borrow();

  // Returns what `work` returns for a connection. Begins again once, with a new connection, if the one that
  // it got had been idle and its server turns out to be of no use: it was restarted, or has become a standby.
  // So `work` must not have changed anything then.
  template <typename Work>
  auto with_connection(Work work) {
    auto database = borrow();
    const bool is_new = database.is_new_;
    try {
      return work(std::move(database));
    } catch (const DatabaseError& error) {
      if (is_new || error.kind() != DatabaseError::Kind::unreachable) throw;
    }
    close_idle();
    return work(connect());
  }

 private:
  Borrowed connect();
  void close_idle();

  const FleetSettings settings_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Pooled>> idle_;
};

}  // namespace dkim::keytool::fleet
