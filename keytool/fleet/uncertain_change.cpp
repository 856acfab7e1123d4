#include "keytool/fleet/uncertain_change.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>

#include "keytool/fleet/pauses.hpp"

namespace dkim::keytool::fleet {
namespace {

using Kind = DatabaseError::Kind;
using std::chrono::milliseconds;

// A standby is promoted in this time, if that happens automatically.
constexpr std::chrono::seconds patience(30);
constexpr milliseconds first_pause(200);
constexpr milliseconds longest_pause(4000);

enum class Answer { made, not_made, unknown };

// Under the domain's lock, so that the transaction in question is over: it holds that lock until then.
Answer look(FleetDatabase& database, const UncertainChange& uncertain) {
  const auto row = database.lock_domain(uncertain.domain);
  const auto mark = database.mark(uncertain.change.sequence);
  if (mark) return *mark == uncertain.change.mark ? Answer::made : Answer::not_made;
  // All signers have the change and its mark was removed, or the number was never given.
  if (row && row->sequence == uncertain.change.sequence && row->manifest == uncertain.manifest)
    return Answer::made;
  if (database.state().sequence < uncertain.change.sequence) return Answer::not_made;
  return row && row->sequence > uncertain.change.sequence ? Answer::unknown : Answer::not_made;
}

Answer look(DatabasePool& pool, const UncertainChange& uncertain) {
  return pool.with_connection([&](DatabasePool::Borrowed database) {
    auto& connection = database->connection();
    connection.begin();
    try {
      const auto answer = look(*database, uncertain);
      connection.rollback();
      return answer;
    } catch (...) {
      connection.rollback();
      throw;
    }
  });
}

// Nothing: not now.
std::optional<Answer> try_to_look(DatabasePool& pool, const UncertainChange& uncertain) {
  try {
    return look(pool, uncertain);
  } catch (const DatabaseError& error) {
    if (error.kind() == Kind::refused) return Answer::unknown;
    return std::nullopt;
  }
}

}  // namespace

void find_out(DatabasePool& pool, const UncertainChange& change, const DatabaseError& doubt) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Pauses pauses;
  auto answer = try_to_look(pool, change);
  for (int failures = 1; !answer && std::chrono::steady_clock::now() < deadline; ++failures) {
    std::this_thread::sleep_for(pauses.after(failures, first_pause, longest_pause));
    answer = try_to_look(pool, change);
  }
  switch (answer.value_or(Answer::unknown)) {
    case Answer::made:
      return;
    case Answer::not_made:
      throw DatabaseError(Kind::unreachable, fmt::format("the change of {} was not made: {}",
                                                         change.domain.str(), doubt.what()));
    case Answer::unknown:
      break;
  }
  throw DatabaseError(Kind::unknown,
                      fmt::format("it is not known whether the change of {} was made; when the database is "
                                  "back, give dkimkey fleet sync --once, and then dkimkey list: {}",
                                  change.domain.str(), doubt.what()));
}

}  // namespace dkim::keytool::fleet
