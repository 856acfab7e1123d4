#include "keytool/fleet/member.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/clocks.hpp"
#include "keytool/fleet/copy_turn.hpp"

namespace dkim::keytool::fleet {
namespace {

[[noreturn]] void throw_name_taken(const std::string& host, const std::optional<SignerRow>& row) {
  const auto seen = row && row->last_seen ? fmt::format("last seen {}", crypto::to_string(*row->last_seen))
                                          : std::string("without a contact so far");
  const auto left = row && row->left && row->lease_end
                        ? fmt::format(" and left, and may sign until {}", crypto::to_string(*row->lease_end))
                        : std::string();
  throw crypto::StoreError(
      fmt::format("a machine {} is in the fleet already ({}){}: give this one another name (\"host\" in "
                  "fleet.conf); if this is that "
                  "machine, installed again, and nothing signs with its earlier copy any more, give the "
                  "command with --take-name",
                  host, seen, left));
}

void take_name(FleetDatabase& database, const std::string& host, Name name) {
  if (name == Name::ours) {
    database.join(host);
  } else if (!database.join_new(host)) {
    throw_name_taken(host, database.signer(host));
  }
}

// All or nothing: a lease that is left here would end one day, and with it the signing of a machine that is
// in no fleet.
void write_files(const crypto::KeyStore& store, const crypto::Membership& membership,
                 crypto::UtcTime lease_end, const StoreStamps& stamps) {
  try {
    crypto::write_lease(store, lease_end);
    crypto::write_membership(store, membership);
    // From here on dkimkey changes domains in the database alone.
    if (const auto changed = changed_domain(store, stamps)) {
      throw crypto::StoreError(fmt::format(
          "{} was changed here meanwhile; nothing was done: give the command again", changed->str()));
    }
  } catch (...) {
    crypto::end_membership(store);
    throw;
  }
}

// The copy was put back in time: its keys may be void, whatever its lease of then says, and the database may
// not know the change any more up to which it goes. So all of it is compared before this machine signs.
void begin_anew(const crypto::KeyStore& store, crypto::Membership membership, FleetDatabase& database) {
  const auto turn = take_turn(store);
  crypto::write_lease(store, crypto::utc_now());
  membership.sequence = 0;
  membership.mark.clear();
  crypto::write_membership(store, membership);
  database.join(membership.host);
}

}  // namespace

std::optional<crypto::Membership> own_membership(const crypto::KeyStore& store, const FleetSettings& settings,
                                                 const StoreState& state) {
  auto membership = crypto::read_membership(store);
  if (!membership) return std::nullopt;
  if (membership->fleet != state.identity) {
    throw crypto::StoreError(
        fmt::format("{} is a copy of the fleet {}, and the database is that of {}: correct \"connection\" in "
                    "{}; to change "
                    "to the other fleet, give dkimkey fleet leave --keep first",
                    store.directory().string(), membership->fleet, state.identity, settings.file.string()));
  }
  require_own_name(*membership, settings);
  return membership;
}

void require_own_name(const crypto::Membership& membership, const FleetSettings& settings) {
  if (membership.host == settings.host) return;
  throw crypto::StoreError(fmt::format(
      "this machine is {0} in the fleet, and {1} says {2}. If it is a clone of {0}, remove .fleet and .lease "
      "from its key directory and give dkimkey fleet join; to change the name, give dkimkey fleet leave "
      "--keep with the old one first",
      membership.host, settings.file.string(), settings.host));
}

void announce(const std::string& host, FleetDatabase& database, Name name) {
  auto& connection = database.connection();
  connection.begin();
  try {
    take_name(database, host, name);
    connection.commit();
  } catch (...) {
    connection.rollback();
    throw;
  }
}

void become_member(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                   const StoreState& state, Name name, const StoreStamps& stamps) {
  const auto turn = take_turn(store);
  // The lease counts from before the contact by which it is granted.
  const auto before = crypto::utc_now();
  const auto lease_end = before + settings.lease;
  if (const auto there = database.now(); do_clocks_differ(before, there, crypto::utc_now()))
    throw crypto::StoreError(
        fmt::format("this machine gets no lease, because {}: correct the clock that is wrong",
                    clocks_text(before, there)));
  auto& connection = database.connection();
  connection.begin();
  try {
    take_name(database, settings.host, name);
    database.grant_lease(settings.host, lease_end, std::nullopt, settings.lease);
    write_files(store, {state.identity, settings.host, 0, "", before}, lease_end, stamps);
    connection.commit();
  } catch (...) {
    connection.rollback();
    throw;
  }
}

Resumed resume_membership(const crypto::KeyStore& store, const crypto::Membership& membership,
                          FleetDatabase& database, Name name) {
  const auto row = database.signer(membership.host);
  if (!row) {
    take_name(database, membership.host, name);
  } else if (row->applied > membership.sequence && name == Name::free) {
    throw crypto::StoreError(fmt::format(
        "the fleet knows {0} as a machine that has change {1}, and this copy has change {2}: another machine "
        "uses the name, perhaps one that was cloned with this one, or the key directory was restored from a "
        "backup. If no other machine is {0}, give the command with --take-name",
        membership.host, row->applied, membership.sequence));
  } else if (row->applied > membership.sequence) {
    begin_anew(store, membership, database);
    return Resumed::anew;
  } else if (row->left) {
    database.join(membership.host);
  }
  return Resumed::as_it_was;
}

}  // namespace dkim::keytool::fleet
