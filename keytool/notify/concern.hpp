// Which entries of a turn's report need a person. Pure; nothing fails.
//
// A record that a person has to publish, empty or remove is a concern at once, because nothing goes on
// without it. All else may pass without a person (a server that is down or lags, an API, a lock, a full disk)
// and becomes a concern of a person only when it stays (keytool/notify/notice_plan).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

enum class ConcernKind {
  publish,    // a person has to publish a record
  empty,      // a person has to replace a record by the empty one
  remove,     // a person has to remove a record
  stuck,      // a key does not go on, and the report has nothing for a person to publish
  unhandled,  // the domain's keys could not be looked after at all
  held_up,    // machines of the fleet hold up a key, or may sign with one that is revoked
};

// A concern is the same one in two runs if these are equal.
struct ConcernId {
  std::string domain;
  std::string selector;  // empty if the concern is the whole domain
  ConcernKind kind = ConcernKind::publish;

  auto operator<=>(const ConcernId&) const = default;
};

enum class Certainty {
  certain,
  may_pass,  // not every server could be asked, or it is nothing that a person has to publish
};

struct Concern {
  ConcernId id;
  Certainty certainty = Certainty::may_pass;
  // What is wrong, or what DNS shows; empty if there is nothing to add.
  std::string what = {};
  // For publish, empty and remove; the last has no value.
  std::optional<crypto::NamedRecord> record = {};
  // The zone that holds the record's name, without a final dot; empty if it is not known.
  std::string zone = {};
  // What happens if nobody acts: whole sentences.
  std::string otherwise = {};
};

// method: how the domain's records are published. A dry run publishes nothing, so its report has records
// "to do" that are no work for a person.
std::vector<Concern> concerns_of(const canon::DomainName& domain, const TurnReport& report,
                                 crypto::PublishSettings::Method method);

// The domain's turn ended with an exception.
Concern concern_of_failure(const canon::DomainName& domain, const std::string& what);

}  // namespace dkim::keytool
