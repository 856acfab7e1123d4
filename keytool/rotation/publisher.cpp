#include "keytool/rotation/publisher.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/dns_update.hpp"
#include "keytool/dns/txt_answer.hpp"
#include "keytool/rotation/alias_end.hpp"
#include "keytool/rotation/lexicon_publishing.hpp"
#include "keytool/system/program.hpp"
#include "keytool/system/trusted_program.hpp"

namespace dkim::keytool {
namespace {

constexpr std::chrono::seconds longest_hook{120};
// How many CNAMEs are followed: as many as server_look follows, or it would not find the record.
constexpr int longest_chain = 8;

// Returns the configured primary, or the one that the zone's SOA names.
ServerAddress primary_of(const crypto::PublishSettings& settings, DnsClient& resolver, const Zone& zone) {
  if (!settings.server.empty()) {
    auto server = ServerAddress::parse(settings.server);
    if (!server)
      throw crypto::Error(
          fmt::format("publish: the server {} is {}", settings.server, server.refusal().reason));
    return *std::move(server);
  }
  for (const auto& server : zone.servers) {
    if (server.name == zone.primary && !server.addresses.empty()) return server.addresses.front();
  }
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    const auto response = resolver.ask(zone.primary, type);
    if (response && !response->addresses.empty()) return {response->addresses.front(), 53};
  }
  throw crypto::Error(
      fmt::format("the zone {} names {} as its primary, which has no address; name one with "
                  "publish = {{ server = ...; }}",
                  zone.name, zone.primary));
}

// A wildcard only seems to be a record of the name, and is not changed.
void require_no_other_record(DnsClient& resolver, const std::string& own_name, const std::string& target,
                             const std::string& zone, const Deadline& deadline) {
  const auto response = resolver.ask_unchecked(target, RecordType::txt);
  if (!response) {
    throw crypto::Error(fmt::format(
        "the CNAME at {} leads to {}, and whether that has a record that is no key is not known: the "
        "resolver {}",
        own_name, target, response.refusal().text()));
  }
  if (response->first_alias) return;
  if (!find_wildcard(resolver, target, zone, *response, deadline))
    require_only_keys(values_of(*response), own_name, target.substr(0, target.size() - 1));
}

// If a person has put a CNAME there, the record belongs where it leads.
void update(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
            crypto::NamedRecord record) {
  const TsigKey key = read_tsig_key(settings.key_file);
  auto resolver = access.open_resolver();
  const Deadline deadline(longest_look);
  if (action == RecordAction::remove) record.value.clear();
  const std::string own_name = record.name;
  for (int i = 0; i < longest_chain; ++i) {
    const std::string name = fmt::format("{}.", record.name);
    const auto zone = find_zone(resolver, name, deadline);
    if (!zone) throw crypto::Error(zone.refusal().reason);
    if (i > 0) require_no_other_record(resolver, own_name, name, zone->name, deadline);
    if (update_txt(primary_of(settings, resolver, *zone), key, zone->name, record) == UpdateOutcome::done)
      return;
    const auto response = resolver.ask_unchecked(name, RecordType::txt);
    if (!response || !response->first_alias)
      throw crypto::Error(
          fmt::format("there is a CNAME at {}, and the resolver does not say where it leads", name));
    record.name = *response->first_alias;
    if (record.name.ends_with('.')) record.name.pop_back();
  }
  throw crypto::Error(fmt::format("a chain of more than {} CNAMEs", longest_chain));
}

void run_hook(const crypto::PublishSettings& settings, RecordAction action,
              const crypto::NamedRecord& record) {
  require_trusted_program(settings.program);
  run_program(settings.program,
              {action == RecordAction::set ? "set" : "remove", record.name, "TXT", std::to_string(record.ttl),
               action == RecordAction::set ? record.value : ""},
              longest_hook);
}

}  // namespace

PublishOutcome publish(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
                       const crypto::NamedRecord& record) {
  switch (settings.method) {
    case crypto::PublishSettings::Method::update:
      update(settings, access, action, record);
      return PublishOutcome::done;
    case crypto::PublishSettings::Method::hook:
      run_hook(settings, action, record);
      return PublishOutcome::done;
    case crypto::PublishSettings::Method::lexicon:
      publish_by_lexicon(settings, access, action, record);
      return PublishOutcome::done;
    case crypto::PublishSettings::Method::manual:
      break;
  }
  return PublishOutcome::left_to_a_person;
}

}  // namespace dkim::keytool
