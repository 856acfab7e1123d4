#include "keytool/rotation/lexicon_publishing.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/lexicon/lexicon_provider.hpp"
#include "keytool/lexicon/record_change.hpp"
#include "keytool/rotation/alias_end.hpp"

namespace dkim::keytool {
namespace {

constexpr std::chrono::seconds longest_change{120};
// As many as server_look follows.
constexpr int longest_chain = 8;

struct Place {
  std::string name;
  canon::DomainName zone;
};

std::string without_final_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_in_zone(const std::string& name, const canon::DomainName& zone) {
  return canon::lower_case(name).ends_with("." + zone.str());
}

// Returns the end of the CNAMEs.
std::string target_of(DnsClient& resolver, const std::string& name) {
  std::string target = name;
  for (int i = 0; i <= longest_chain; ++i) {
    const auto response = resolver.ask_unchecked(target + ".", RecordType::txt);
    if (!response) {
      throw crypto::Error(fmt::format("the resolver does not say whether there is a CNAME at {}: {}", target,
                                      response.refusal().text()));
    }
    if (!response->first_alias) return target;
    target = without_final_dot(*response->first_alias);
  }
  throw crypto::Error(fmt::format("a chain of more than {} CNAMEs", longest_chain));
}

canon::DomainName zone_of(DnsClient& resolver, const std::string& name) {
  const auto zone = find_zone(resolver, name + ".", Deadline(longest_look));
  if (!zone) throw crypto::Error(zone.refusal().reason);
  auto parsed = canon::DomainName::parse(without_final_dot(zone->name));
  if (!parsed)
    throw crypto::Error(
        fmt::format("the zone {} has a name that is {}", zone->name, parsed.refusal().reason));
  return *std::move(parsed);
}

// Asks DNS only if the configuration leaves something open.
Place find_place(const crypto::PublishSettings& settings, const DnsAccess& access, const std::string& name) {
  if (settings.zone && is_in_zone(name, *settings.zone)) return {name, *settings.zone};
  auto resolver = access.open_resolver();
  std::string target = target_of(resolver, name);
  if (!settings.zone) {
    auto zone = zone_of(resolver, target);
    return {std::move(target), std::move(zone)};
  }
  if (is_in_zone(target, *settings.zone)) return {std::move(target), *settings.zone};
  throw crypto::Error(
      fmt::format("publish: {} is not in the zone {} of the configuration, and no CNAME leads there", target,
                  settings.zone->str()));
}

// Returns the lock of a zone at a provider.
std::mutex& lock_of(const crypto::PublishSettings& settings, const canon::DomainName& zone) {
  static std::mutex guard;
  static std::map<std::string, std::mutex> locks;
  const std::lock_guard hold(guard);
  return locks[fmt::format("{} {}", settings.provider, zone.str())];
}

}  // namespace

void publish_by_lexicon(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
                        const crypto::NamedRecord& record) {
  const auto place = find_place(settings, access, record.name);
  const std::lock_guard hold(lock_of(settings, place.zone));
  LexiconProvider provider(settings, place.zone, longest_change);
  if (canon::lower_case(place.name) != canon::lower_case(record.name)) {
    std::vector<std::string> values;
    for (auto& listed : provider.list(place.name))
      values.push_back(std::move(listed.content));
    require_only_keys(values, record.name, place.name);
  }
  switch (action) {
    case RecordAction::set:
      set_record(provider, {place.name, record.ttl, record.value}, settings.form);
      return;
    case RecordAction::remove:
      remove_record(provider, place.name);
      return;
  }
}

}  // namespace dkim::keytool
