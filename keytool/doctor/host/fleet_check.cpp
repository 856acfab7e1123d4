#include "keytool/doctor/host/fleet_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool {
namespace {

// An agent notes a contact every 30 seconds at least.
constexpr std::chrono::minutes longest_silence(10);
constexpr std::size_t most_named = 5;
constexpr std::size_t longest_name = 253;

Finding fleet_finding(Severity severity, const FleetFacts& facts, std::string what, std::string advice = {},
                      std::vector<std::string> paste = {}) {
  return {severity, "fleet", facts.host, std::move(what), std::move(advice), std::move(paste)};
}

std::string list_hosts(const std::vector<std::string>& hosts) {
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(hosts.size(), most_named); ++i)
    named.push_back(canon::printable_word(hosts[i], longest_name));
  const auto list = fmt::format("{}", fmt::join(named, ", "));
  return hosts.size() > most_named ? fmt::format("{} and {} more", list, hosts.size() - most_named) : list;
}

Findings check_copy(const FleetFacts& facts, crypto::UtcTime now) {
  Findings findings;
  if (now - facts.contact > longest_silence) {
    findings.push_back(
        fleet_finding(Severity::risk, facts,
                      fmt::format("this machine's copy was last brought up to date at {}: its agent does not "
                                  "run, or cannot do its work",
                                  crypto::to_string(facts.contact)),
                      "look at the agent, and start it:",
                      {"systemctl status dkimkey-fleet", "systemctl enable --now dkimkey-fleet"}));
  } else if (facts.lag > 0) {
    findings.push_back(
        fleet_finding(Severity::note, facts,
                      fmt::format("{} changes of the fleet are on their way to this machine", facts.lag)));
  }
  if (facts.refused > 0) {
    findings.push_back(fleet_finding(
        Severity::risk, facts,
        fmt::format("this machine refuses {} of the fleet's domains, and signs for them as before",
                    facts.refused),
        "see why:", {"dkimkey fleet status"}));
  }
  return findings;
}

Finding unknown_membership(const FleetFacts& facts) {
  auto what = fmt::format("this machine's part in a fleet cannot be examined: {}", facts.unknown);
  if (facts.is_denied) return fleet_finding(Severity::unknown, facts, std::move(what));
  return fleet_finding(
      Severity::risk, facts, std::move(what),
      "mail is signed until the lease ends; join the fleet again, which compares all keys:",
      {fmt::format("rm {}", shell_word(facts.membership_file.string())), "dkimkey fleet join --take-name"});
}

}  // namespace

Findings check_fleet(const FleetFacts& facts, crypto::UtcTime now) {
  if (!facts.unknown.empty()) return {unknown_membership(facts)};
  if (!facts.trouble.empty()) {
    return {fleet_finding(
        Severity::risk, facts,
        fmt::format("the fleet's database cannot be used, so no key can be changed; mail goes on being "
                    "signed until this machine's lease ends: {}",
                    facts.trouble))};
  }
  if (!facts.wrong_database.empty()) {
    return {fleet_finding(Severity::risk, facts, facts.wrong_database,
                          "see how to choose:", {"dkimkey fleet sync --help"})};
  }
  if (facts.is_unknown) {
    return {fleet_finding(
        Severity::risk, facts,
        "the fleet does not know this machine, or has been told that it left: it gets no more changes, and "
        "stops signing when its lease ends",
        "make it a member again:", {"dkimkey fleet join"})};
  }
  auto findings = check_copy(facts, now);
  if (!facts.lagging.empty()) {
    findings.push_back(fleet_finding(
        Severity::risk, facts,
        fmt::format("rotations wait for other machines of the fleet: {}", list_hosts(facts.lagging)),
        "see what they lack:", {"dkimkey fleet status"}));
  }
  if (findings.empty()) {
    findings.push_back(fleet_finding(
        Severity::good, facts,
        fmt::format("this machine has all that the fleet has, as have {} others", facts.others)));
  }
  return findings;
}

}  // namespace dkim::keytool
