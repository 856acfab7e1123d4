#include "crypto/store/membership.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "canon/text.hpp"
#include "crypto/directory.hpp"
#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/settings/settings_text.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr int format_version = 1;
constexpr const char* membership_name = ".fleet";
constexpr const char* lease_name = ".lease";
constexpr const char* lock_name = ".fleet.lock";
constexpr mode_t file_mode = 0640;
constexpr std::size_t most_bytes = 4096;
constexpr std::size_t longest_host = 253;

std::string read_uuid(SettingsGroup& group, std::string_view name) {
  auto value = group.required_text(name);
  if (!is_uuid(value.text))
    throw_settings_error(value.place, fmt::format("\"{}\" is not a UUID", name),
                         "the file was not written by dkimkey, or is damaged");
  return value.text;
}

UtcTime read_time(SettingsGroup& group, std::string_view name) {
  const auto value = group.required_text(name);
  const auto time = parse_utc_time(value.text);
  if (!time)
    throw_settings_error(value.place, fmt::format("\"{}\" is not a UTC time", name),
                         "the form is 2026-11-24T06:00:00Z");
  return *time;
}

void check_format(SettingsGroup& group) {
  if (!group.integer("format", format_version, format_version))
    throw_settings_error(group.place(), "\"format\" is missing",
                         "the file was not written by dkimkey, or is damaged");
}

std::optional<SettingsFile> read_settings(const std::filesystem::path& path) {
  const auto file = open_trusted_file(path, 1);
  if (!file) return std::nullopt;
  return SettingsFile::parse(view(read_all(*file, path, most_bytes)), path.string());
}

// The lock keeps the agent and a dkimkey that a person runs apart.
class FleetFiles {
 public:
  explicit FleetFiles(const KeyStore& store)
      : directory_(Directory::open(store.directory())), lock_(directory_.lock(lock_name)) {
    for (const auto* name : {membership_name, lease_name})
      directory_.remove(temporary_name(name));
  }

  void replace(const char* name, const std::string& text) {
    directory_.write_temporary(name, text, {file_mode, directory_.group()});
    directory_.rename_temporary(name);
    directory_.sync();
  }

  void remove(const char* name) {
    directory_.remove(name);
    directory_.sync();
  }

 private:
  Directory directory_;
  FileDescriptor lock_;
};

std::string text_of(const SettingsWriter& settings) {
  return "# Written by dkimkey, which is the one to change it.\n" + settings.lines();
}

}  // namespace

bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char wanted) {
    return wanted == '-' ? c == '-' : canon::is_digit(c) || (c >= 'a' && c <= 'f');
  });
}

std::filesystem::path membership_path(const KeyStore& store) {
  return store.directory() / membership_name;
}

std::filesystem::path lease_path(const KeyStore& store) {
  return store.directory() / lease_name;
}

bool is_fleet_host(std::string_view text) {
  return !text.empty() && text.size() <= longest_host && std::all_of(text.begin(), text.end(), [](char c) {
    return canon::is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
}

std::optional<Membership> read_membership(const KeyStore& store) {
  // Most machines are in no fleet, and pay one look for that.
  if (is_missing(membership_path(store))) return std::nullopt;
  const auto file = read_settings(membership_path(store));
  if (!file) return std::nullopt;
  auto root = file->root();
  check_format(root);
  Membership out;
  out.fleet = read_uuid(root, "fleet");
  const auto host = root.required_text("host");
  if (!is_fleet_host(host.text))
    throw_settings_error(host.place, "\"host\" is not the name of a machine", "such as \"mx1.example.com\"");
  out.host = host.text;
  const auto sequence = root.integer("sequence", 0, std::numeric_limits<std::int64_t>::max());
  if (!sequence) throw_settings_error(root.place(), "\"sequence\" is missing", "it must be given here");
  out.sequence = *sequence;
  // Before the first change there is none.
  if (out.sequence > 0) out.mark = read_uuid(root, "mark");
  out.contact = read_time(root, "contact");
  root.reject_unknown();
  return out;
}

void write_membership(const KeyStore& store, const Membership& membership) {
  SettingsWriter settings;
  settings.add_integer("format", format_version);
  settings.add_string("fleet", membership.fleet);
  settings.add_string("host", membership.host);
  settings.add_integer("sequence", membership.sequence);
  if (membership.sequence > 0) settings.add_string("mark", membership.mark);
  settings.add_string("contact", to_string(membership.contact));
  FleetFiles(store).replace(membership_name, text_of(settings));
}

bool is_contact_overdue(const Membership& membership, UtcTime now) {
  return now - membership.contact > std::chrono::days(1);
}

std::optional<UtcTime> read_lease(const KeyStore& store) {
  const auto file = read_settings(lease_path(store));
  if (!file) return std::nullopt;
  auto root = file->root();
  check_format(root);
  const auto end = read_time(root, "end");
  root.reject_unknown();
  return end;
}

void write_lease(const KeyStore& store, UtcTime end) {
  SettingsWriter settings;
  settings.add_integer("format", format_version);
  settings.add_string("end", to_string(end));
  FleetFiles(store).replace(lease_name, text_of(settings));
}

void end_membership(const KeyStore& store) {
  FleetFiles files(store);
  files.remove(membership_name);
  files.remove(lease_name);
}

}  // namespace dkim::crypto
