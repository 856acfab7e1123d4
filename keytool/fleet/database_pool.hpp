// Connections to the fleet's database for threads that work at the same time: each borrows one and gives it
// back.
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
 public:
  explicit DatabasePool(FleetSettings settings) : settings_(std::move(settings)) {}
  const FleetSettings& settings() const { return settings_; }

  // The pool must outlive it. No transaction may be under way when it is destroyed.
  class Borrowed {
   public:
    Borrowed(Borrowed&&) noexcept = default;
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed();
    FleetDatabase& operator*() const { return *database_; }
    FleetDatabase* operator->() const { return database_.get(); }

   private:
    friend class DatabasePool;
    Borrowed(DatabasePool& pool, std::unique_ptr<FleetDatabase> database, bool is_new)
        : pool_(&pool), database_(std::move(database)), is_new_(is_new) {}

    DatabasePool* pool_;
    std::unique_ptr<FleetDatabase> database_;
    bool is_new_;
  };

  // Connects if no connection is idle.
  Borrowed borrow();

  // Returns what `work` returns for a connection. Begins again with another connection if the one that it got
  // had been idle and turns out to be broken: the server was restarted, or another one was promoted. So
  // `work` must not have changed anything then.
  template <typename Work>
  auto with_connection(Work work) {
    while (true) {
      auto database = borrow();
      const bool is_new = database.is_new_;
      try {
        return work(std::move(database));
      } catch (const DatabaseError& error) {
        if (is_new || error.kind() != DatabaseError::Kind::unreachable) throw;
      }
    }
  }

 private:
  const FleetSettings settings_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<FleetDatabase>> idle_;
};

}  // namespace dkim::keytool::fleet
