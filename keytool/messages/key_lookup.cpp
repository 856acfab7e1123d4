#include "keytool/messages/key_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "canon/text.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/dns/ldns_types.hpp"
#include "keytool/messages/message_file.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyAnswer;

KeyAnswer ask(DnsClient& client, const std::string& name) {
  const auto response = client.ask(name + ".", RecordType::txt);
  if (!response)
    return {KeyAnswer::Kind::unavailable, {}, fmt::format("the resolver {}", response.refusal().text())};
  KeyAnswer answer;
  for (const auto& text : response->texts)
    answer.values.push_back(text.value);
  answer.kind = answer.values.empty() ? KeyAnswer::Kind::none : KeyAnswer::Kind::found;
  return answer;
}

bool matches(const GivenRecord& record, const std::string& name) {
  if (record.name.empty() || record.name == name) return true;
  return record.name.ends_with("._domainkey") && name.starts_with(record.name + ".");
}

using StreamPtr = std::unique_ptr<FILE, LdnsDelete<std::fclose>>;

std::vector<GivenRecord> parse_zone_text(std::string text) {
  const StreamPtr stream(fmemopen(text.data(), text.size(), "r"));
  if (!stream) throw std::bad_alloc();
  std::vector<GivenRecord> records;
  RdfPtr origin;
  RdfPtr previous;
  std::uint32_t ttl = 0;
  int line = 0;
  while (std::feof(stream.get()) == 0) {
    ldns_rr* raw = nullptr;
    ldns_rdf* raw_origin = origin.release();
    ldns_rdf* raw_previous = previous.release();
    const ldns_status status =
        ldns_rr_new_frm_fp_l(&raw, stream.get(), &ttl, &raw_origin, &raw_previous, &line);
    origin.reset(raw_origin);
    previous.reset(raw_previous);
    const RrPtr record(raw);
    if (status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL ||
        status == LDNS_STATUS_SYNTAX_ORIGIN) {
      continue;
    }
    if (status != LDNS_STATUS_OK) {
      throw UsageError(fmt::format("--key-record: line {} is not a record of a zone file: {}", line,
                                   ldns_get_errorstr_by_id(status)));
    }
    if (ldns_rr_get_type(record.get()) != LDNS_RR_TYPE_TXT) continue;
    std::string name = name_text(ldns_rr_owner(record.get()));
    if (name.ends_with('.')) name.pop_back();
    records.push_back({std::move(name), joined_strings(record.get())});
  }
  return records;
}

}  // namespace

crypto::KeyLookup dns_lookup(const DnsAccess& access) {
  struct State {
    std::optional<DnsClient> client;
    std::map<std::string, KeyAnswer> answers;
  };
  return [access, state = std::make_shared<State>()](const std::string& name) {
    if (!state->client) state->client = access.open_resolver();
    const auto known = state->answers.find(name);
    if (known != state->answers.end()) return known->second;
    return state->answers[name] = ask(*state->client, name);
  };
}

std::vector<GivenRecord> parse_given_records(std::string_view text) {
  const std::string_view trimmed = canon::trim_fws(text);
  // A record's value has no quotes, and zone-file text always has some.
  if (trimmed.find('"') == std::string_view::npos) {
    if (trimmed.empty()) throw UsageError("--key-record has no record in it");
    return {{"", std::string(trimmed)}};
  }
  const bool only_strings = trimmed.front() == '"';
  auto records = parse_zone_text(only_strings ? fmt::format("strings. 0 IN TXT ( {} )\n", text)
                                              : fmt::format("{}\n", text));
  if (records.empty()) throw UsageError("--key-record has no TXT record in it");
  if (only_strings) records.front().name.clear();
  return records;
}

crypto::KeyLookup given_lookup(std::vector<GivenRecord> records) {
  return [records = std::move(records)](const std::string& name) {
    KeyAnswer answer;
    for (const auto& record : records) {
      if (matches(record, name)) answer.values.push_back(record.value);
    }
    answer.kind = answer.values.empty() ? KeyAnswer::Kind::none : KeyAnswer::Kind::found;
    return answer;
  };
}

crypto::KeyLookup key_record_lookup(const std::string& file_or_text) {
  std::error_code error;
  if (std::filesystem::exists(file_or_text, error))
    return given_lookup(parse_given_records(read_message_text(file_or_text)));
  if (file_or_text.find("p=") == std::string::npos)
    throw UsageError(fmt::format("--key-record is neither a file nor a record: \"{}\"", file_or_text));
  return given_lookup(parse_given_records(file_or_text));
}

}  // namespace dkim::keytool
