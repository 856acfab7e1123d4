#include "keytool/commands/fleet_status_text.hpp"

#include <fmt/format.h>

#include <iostream>

#include "canon/printable.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/json.hpp"
#include "keytool/output/table.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t most_refusals = 100;
constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_reason = 500;

std::string name_text(std::string_view name) {
  return canon::printable_word(name, longest_name);
}

std::string seconds_text(std::chrono::seconds lag) {
  if (lag >= std::chrono::days(2))
    return fmt::format("{}d", std::chrono::duration_cast<std::chrono::days>(lag).count());
  if (lag >= std::chrono::hours(2))
    return fmt::format("{}h", std::chrono::duration_cast<std::chrono::hours>(lag).count());
  if (lag >= std::chrono::minutes(2))
    return fmt::format("{}min", std::chrono::duration_cast<std::chrono::minutes>(lag).count());
  return fmt::format("{}s", lag.count());
}

std::string lag_text(const fleet::SignerStatus& signer, crypto::UtcTime now) {
  if (signer.lag == 0) return "-";
  if (!signer.lag_since) return std::to_string(signer.lag);
  return fmt::format("{} ({})", signer.lag,
                     seconds_text(std::max(std::chrono::seconds(0), now - *signer.lag_since)));
}

void print_refusals(const fleet::FleetStatus& status) {
  for (std::size_t i = 0; i < std::min(status.refusals.size(), most_refusals); ++i) {
    const auto& refusal = status.refusals[i];
    std::cout << fmt::format("{} refuses {}: {}\n", name_text(refusal.host), name_text(refusal.domain),
                             canon::printable(refusal.reason, longest_reason));
  }
  if (status.refusals.size() > most_refusals)
    std::cout << fmt::format("and {} more are refused\n", status.refusals.size() - most_refusals);
  for (const auto& domain : status.unreadable)
    std::cout << fmt::format("{} has a manifest in the database that cannot be read\n", name_text(domain));
}

void print_keys(const fleet::FleetStatus& status) {
  if (status.keys.empty()) return;
  Table table({"DOMAIN", "SELECTOR", "ALGORITHM", "STATE", "WAITS FOR"});
  for (const auto& key : status.keys)
    table.add({name_text(key.domain), key.selector, key.algorithm, key.state, key.waits_for});
  std::cout << '\n' << table.str();
  if (status.is_cut) std::cout << "and more domains with keys on their way\n";
}

JsonObject signer_object(const fleet::SignerStatus& signer) {
  JsonObject object;
  object.text("kind", "signer");
  object.text("host", name_text(signer.row.host));
  object.text("state", to_string(signer.state));
  object.text("version", name_text(signer.row.version));
  object.number("applied", signer.row.applied);
  object.number("lag", signer.lag);
  object.optional_text("lag_since", time_text(signer.lag_since));
  object.optional_text("last_seen", time_text(signer.row.last_seen));
  object.optional_text("lease_end", time_text(signer.row.lease_end));
  object.optional_text("left", time_text(signer.row.left));
  object.number("refused", signer.row.refused);
  object.boolean("here", signer.is_here);
  return object;
}

JsonObject key_object(const fleet::KeyOnItsWay& key) {
  JsonObject object;
  object.text("kind", "key");
  object.text("domain", name_text(key.domain));
  object.text("selector", key.selector);
  object.text("algorithm", key.algorithm);
  object.text("state", key.state);
  object.text("waits_for", key.waits_for);
  object.boolean("for_machine", key.is_for_machine);
  return object;
}

JsonObject refusal_object(std::string_view host, std::string_view domain, std::string_view reason) {
  JsonObject object;
  object.text("kind", "refusal");
  if (host.empty()) {
    object.null("host");
  } else {
    object.text("host", name_text(host));
  }
  object.text("domain", name_text(domain));
  object.text("reason", canon::printable(reason, longest_reason));
  return object;
}

}  // namespace

void print_status_table(const fleet::FleetStatus& status) {
  std::cout << fmt::format("fleet {}, change {}, {}\n\n", status.store.identity, status.store.sequence,
                           crypto::to_string(status.now));
  Table table({"MACHINE", "STATE", "VERSION", "CHANGE", "LACKS", "LAST SEEN", "MAY SIGN UNTIL", "REFUSES"});
  for (const auto& signer : status.signers) {
    table.add({name_text(signer.row.host) + (signer.is_here ? " (this one)" : ""),
               std::string(to_string(signer.state)),
               signer.row.version.empty() ? "-" : name_text(signer.row.version),
               std::to_string(signer.row.applied), lag_text(signer, status.now),
               time_text(signer.row.last_seen).value_or("-"), time_text(signer.row.lease_end).value_or("-"),
               std::to_string(signer.row.refused)});
  }
  std::cout << table.str();
  if (status.signers.empty()) std::cout << "no machine has joined\n";
  print_refusals(status);
  print_keys(status);
}

void print_status_json(const fleet::FleetStatus& status, const std::optional<crypto::Membership>& here) {
  JsonArrayWriter array(std::cout);
  JsonObject about;
  about.text("kind", "fleet");
  about.text("fleet", status.store.identity);
  about.number("sequence", status.store.sequence);
  about.text("time", crypto::to_string(status.now));
  const bool is_member = here && here->fleet == status.store.identity;
  about.optional_text("host", is_member ? std::optional(here->host) : std::nullopt);
  about.boolean("more", status.is_cut);
  array.add(about);
  for (const auto& signer : status.signers)
    array.add(signer_object(signer));
  for (std::size_t i = 0; i < std::min(status.refusals.size(), 10 * most_refusals); ++i)
    array.add(refusal_object(status.refusals[i].host, status.refusals[i].domain, status.refusals[i].reason));
  for (const auto& domain : status.unreadable)
    array.add(refusal_object("", domain, "its manifest in the database cannot be read"));
  for (const auto& key : status.keys)
    array.add(key_object(key));
  array.finish();
}

}  // namespace dkim::keytool
