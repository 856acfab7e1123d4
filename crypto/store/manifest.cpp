#include "crypto/store/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "canon/labels.hpp"
#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/settings/settings_source.hpp"
#include "crypto/settings/settings_text.hpp"

namespace dkim::crypto {
namespace {

constexpr int format_version = 1;
// A TTL has 31 bits (RFC 2181 §8).
constexpr long long longest_memory = 0x7fffffff;
constexpr long long most_uses = 1'000'000;

std::optional<KeyState> state_from_name(std::string_view name) {
  for (const auto state : {KeyState::pending, KeyState::active, KeyState::retiring, KeyState::revoked}) {
    if (name == to_string(state)) return state;
  }
  return std::nullopt;
}

std::optional<UtcTime> read_time(SettingsGroup& group, std::string_view name) {
  const auto value = group.text(name);
  if (!value) return std::nullopt;
  const auto time = parse_utc_time(value->text);
  if (!time) {
    throw_settings_error(value->place, fmt::format("\"{}\" is not a UTC time", name),
                         "the form is 2026-11-24T06:00:00Z");
  }
  return time;
}

Algorithm read_algorithm(SettingsGroup& group) {
  const auto text = group.required_text("algorithm");
  const auto algorithm = algorithm_from_key_name(text.text);
  if (!algorithm) throw_settings_error(text.place, "unknown algorithm", alternatives({"rsa", "ed25519"}));
  return *algorithm;
}

// "s1+2" is the second key of the slot s1; no selector has a "+".
KeyId read_key_id(const LocatedText& text) {
  const auto plus = text.text.find('+');
  if (plus == std::string::npos) return read_selector(text);
  int use = 0;
  const char* const end = text.text.data() + text.text.size();
  const auto [stop, error] = std::from_chars(text.text.data() + plus + 1, end, use);
  if (error != std::errc() || stop != end || use < 1 || use > most_uses)
    throw_settings_error(text.place, "no number of a key after the +", "such as \"s1+2\"");
  return {read_selector({text.text.substr(0, plus), text.place}), use};
}

std::string text_of(const KeyId& id) {
  return id.use == 1 ? id.selector.str() : fmt::format("{}+{}", id.selector.str(), id.use);
}

KeyEntry read_key(SettingsGroup group) {
  KeyEntry key{.selector = read_selector(group.required_text("selector"))};

  key.algorithm = read_algorithm(group);

  const auto state_text = group.required_text("state");
  const auto state = state_from_name(state_text.text);
  if (!state) {
    throw_settings_error(state_text.place, "unknown state",
                         alternatives({"pending", "active", "retiring", "revoked"}));
  }
  key.state = *state;

  const auto [least, most] = bits_range(key.algorithm);
  const auto bits = group.integer("bits", least, most);
  if (!bits) throw_settings_error(group.place(), "\"bits\" is missing", "it must be given here");
  key.bits = static_cast<int>(*bits);

  const auto created = read_time(group, "created");
  if (!created) throw_settings_error(group.place(), "\"created\" is missing", "it must be given here");
  key.created = *created;
  key.published = read_time(group, "published");
  key.activated = read_time(group, "activated");
  key.retired = read_time(group, "retired");
  key.stopped = read_time(group, "stopped");
  key.revoked = read_time(group, "revoked");
  key.forgotten = read_time(group, "forgotten");
  key.emptied = read_time(group, "emptied");
  key.memory = std::chrono::seconds(group.integer("memory", 0, longest_memory).value_or(0));
  key.use = static_cast<int>(group.integer("use", 1, most_uses).value_or(1));
  if (const auto replaces = group.texts("replaces")) {
    for (const auto& entry : *replaces)
      key.replaces.push_back(read_key_id(entry));
  }
  group.reject_unknown();
  return key;
}

// It becomes part of DNS updates and zone files.
std::string read_target(const LocatedText& text) {
  if (canon::check_labels(text.text))
    throw_settings_error(text.place, "\"target\" is not a name in DNS", "the name to which a CNAME leads");
  return canon::lower_case(text.text);
}

Slot read_slot(SettingsGroup group) {
  Slot slot{.selector = read_selector(group.required_text("selector"))};
  slot.algorithm = read_algorithm(group);
  if (const auto target = group.text("target")) slot.target = read_target(*target);
  slot.closed = group.boolean("closed").value_or(false);
  group.reject_unknown();
  return slot;
}

std::vector<Slot> read_slots(std::vector<SettingsGroup> groups) {
  std::vector<Slot> slots;
  for (auto& group : groups) {
    const auto place = group.place();
    auto slot = read_slot(std::move(group));
    if (std::any_of(slots.begin(), slots.end(),
                    [&](const Slot& other) { return other.selector == slot.selector; }))
      throw_settings_error(place, "a slot that is listed twice", "each slot has a selector of its own");
    slots.push_back(std::move(slot));
  }
  return slots;
}

bool is_hash_list(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return canon::is_alnum(c) || c == '-' || c == ':'; });
}

RecordFlags read_flags(SettingsGroup group) {
  RecordFlags flags;
  flags.strict = group.boolean("strict").value_or(false);
  flags.test = group.boolean("test").value_or(false);
  flags.email_only = group.boolean("email_only").value_or(false);
  if (auto hashes = group.text("hashes")) {
    // It goes into the record unchanged.
    if (!is_hash_list(hashes->text)) {
      throw_settings_error(hashes->place, "\"hashes\" is not a list of names",
                           "such as \"sha256\"; \"\" for all");
    }
    flags.hashes = hashes->text;
  }
  if (auto note = group.text("note")) flags.note = note->text;
  group.reject_unknown();
  return flags;
}

void add_time(SettingsWriter& group, std::string_view name, const std::optional<UtcTime>& time) {
  if (time) group.add_string(name, to_string(*time));
}

SettingsWriter flags_text(const RecordFlags& flags) {
  SettingsWriter group;
  group.add_boolean("strict", flags.strict);
  group.add_boolean("test", flags.test);
  group.add_boolean("email_only", flags.email_only);
  group.add_string("hashes", flags.hashes);
  group.add_string("note", flags.note);
  return group;
}

SettingsWriter key_text(const KeyEntry& key) {
  SettingsWriter group;
  group.add_string("selector", key.selector.str());
  group.add_string("algorithm", key_name(key.algorithm));
  group.add_integer("bits", key.bits);
  group.add_string("state", to_string(key.state));
  group.add_string("created", to_string(key.created));
  add_time(group, "published", key.published);
  add_time(group, "activated", key.activated);
  add_time(group, "retired", key.retired);
  add_time(group, "stopped", key.stopped);
  add_time(group, "revoked", key.revoked);
  add_time(group, "forgotten", key.forgotten);
  add_time(group, "emptied", key.emptied);
  if (key.memory.count() > 0) group.add_integer("memory", key.memory.count());
  if (key.use > 1) group.add_integer("use", key.use);
  if (!key.replaces.empty()) {
    std::vector<std::string> older;
    for (const auto& id : key.replaces)
      older.push_back(text_of(id));
    group.add_strings("replaces", older);
  }
  return group;
}

std::string slots_text(const std::vector<Slot>& slots) {
  std::vector<std::string> texts;
  for (const auto& slot : slots) {
    SettingsWriter group;
    group.add_string("selector", slot.selector.str());
    group.add_string("algorithm", key_name(slot.algorithm));
    if (!slot.target.empty()) group.add_string("target", slot.target);
    if (slot.closed) group.add_boolean("closed", true);
    texts.push_back(group.group());
  }
  return settings_list(texts);
}

}  // namespace

std::string_view to_string(KeyState state) {
  switch (state) {
    case KeyState::pending:
      return "pending";
    case KeyState::active:
      return "active";
    case KeyState::retiring:
      return "retiring";
    case KeyState::revoked:
      return "revoked";
  }
  return "unknown";
}

Manifest parse_manifest(std::string_view text, const std::string& file_name) {
  const auto file = SettingsFile::parse(text, file_name);
  auto root = file.root();
  // An empty file parses as libconfig, too; a whole manifest begins with the format number.
  if (!root.integer("format", format_version, format_version)) {
    throw_settings_error(file_name + ":1", "\"format\" is missing",
                         "this is not a manifest, or a damaged one: restore it from a backup");
  }
  Manifest manifest;
  manifest.subdomains = root.boolean("subdomains").value_or(true);
  if (auto flags = root.group("record")) manifest.record = read_flags(*std::move(flags));
  auto keys = root.groups("keys");
  if (!keys)
    throw_settings_error(file_name + ":1", "\"keys\" is missing", "a manifest without keys has keys = ( );");
  if (auto slots = root.groups("slots")) manifest.slots = read_slots(*std::move(slots));
  root.reject_unknown();
  std::set<canon::Selector> selectors;
  for (auto& group : *keys) {
    const std::string place = group.place();
    auto key = read_key(std::move(group));
    if (!selectors.insert(key.selector).second) {
      throw_settings_error(place, "a selector that is listed twice", "each key has a selector of its own");
    }
    manifest.keys.push_back(std::move(key));
  }
  return manifest;
}

std::string write_manifest(const Manifest& manifest) {
  std::string keys;
  for (const auto& key : manifest.keys)
    keys += (keys.empty() ? "\n  " : ",\n  ") + key_text(key).block(2);
  SettingsWriter root;
  root.add_integer("format", format_version);
  root.add_boolean("subdomains", manifest.subdomains);
  root.add_value("record", flags_text(manifest.record).block(0));
  if (!manifest.slots.empty()) root.add_value("slots", slots_text(manifest.slots));
  root.add_value("keys", "(" + keys + " )");
  std::string text = "# Written by dkimkey, which is the one to change it.\n" + root.lines();
  // Readers would refuse it, and no mail of the domain would be signed.
  if (text.size() > most_settings_bytes) {
    throw StoreError(fmt::format("a manifest of {} keys has more than the {} bytes that it may have",
                                 manifest.keys.size(), most_settings_bytes));
  }
  return text;
}

}  // namespace dkim::crypto
