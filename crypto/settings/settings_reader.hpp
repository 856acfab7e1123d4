// Reads libconfig files strictly: an unknown setting, a wrong type or a value out of range is an error with
// file and line, never ignored.
//
// Used for the key store's manifests, for the settings both programs share and for the daemon's own.
// Errors are SettingsError: "FILE:LINE: what is wrong; what would be right".
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"

namespace libconfig {
class Config;
class Setting;
}  // namespace libconfig

namespace dkim::crypto {

class ParserMemory;
class SettingsSource;

// A value with the place it came from, for checks that come after reading.
struct LocatedText {
  std::string text;
  std::string place;  // FILE:LINE
};

// One group of settings. Every setting asked for counts as known; reject_unknown() then finds the others.
class SettingsGroup {
 public:
  SettingsGroup(const libconfig::Setting& group, const SettingsSource& source);

  std::optional<LocatedText> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  // Refuses what is outside min to max.
  std::optional<long long> integer(std::string_view name, long long min, long long max);
  // A list ( "a", "b" ) or array [ "a", "b" ].
  std::optional<std::vector<LocatedText>> texts(std::string_view name);
  // A list of groups ( { ... }, { ... } ).
  std::optional<std::vector<SettingsGroup>> groups(std::string_view name);
  // A single group { ... }.
  std::optional<SettingsGroup> group(std::string_view name);
  // text() for a setting that must be there.
  LocatedText required_text(std::string_view name);

  // Throws SettingsError for the first setting that nothing asked for.
  void reject_unknown() const;

  // Where this group begins.
  std::string place() const;
  // Where this setting stands; the group's place if it is not there.
  std::string place(std::string_view name);

 private:
  const libconfig::Setting* find(std::string_view name);
  std::string place_of(const libconfig::Setting& setting) const;

  const libconfig::Setting* group_;
  const SettingsSource* source_;
  std::set<std::string, std::less<>> known_;
};

// A parsed file. Groups point into it and must not outlive it.
class SettingsFile {
 public:
  // Reads a file and those that it includes (crypto/settings/settings_source). Throws SettingsError if one
  // cannot be read, may be written by others (crypto/trusted_path), is too large or does not parse;
  // std::bad_alloc if there is not memory enough to parse it.
  static SettingsFile read(const std::filesystem::path& path);
  // The same for text that was read already, and includes nothing; name stands for the file in errors.
  static SettingsFile parse(std::string_view text, const std::string& name);

  SettingsFile(SettingsFile&&) noexcept;
  SettingsFile& operator=(SettingsFile&&) noexcept;
  ~SettingsFile();

  SettingsGroup root() const;

 private:
  explicit SettingsFile(SettingsSource source);
  std::unique_ptr<const SettingsSource> source_;
  std::unique_ptr<ParserMemory> memory_;  // the next lies in it
  std::unique_ptr<libconfig::Config> config_;
};

// A selector; throws SettingsError for anything else.
canon::Selector read_selector(const LocatedText& value);
// The same as a person types it, and a domain to sign as (canon/typed_names); name is the setting's.
canon::Selector read_typed_selector(const LocatedText& value);
canon::DomainName read_typed_domain(const LocatedText& value, std::string_view name);

// "place: what; right"
[[noreturn]] void throw_settings_error(const std::string& place, std::string_view what,
                                       std::string_view right);

// Words as a person would list them: "a, b or c".
std::string alternatives(std::initializer_list<std::string_view> words);

}  // namespace dkim::crypto
