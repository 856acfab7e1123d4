// Reads libconfig files strictly: an unknown setting, a wrong type or a value out of range is an error with
// file and line, and never ignored.
//
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

// A value with its place, for checks after reading.
struct LocatedText {
  std::string text;
  std::string place;  // FILE:LINE
};

// One group of settings. A setting that was asked for counts as known; reject_unknown() finds the others. The
// functions that return a setting return nothing if it is absent, and throw SettingsError if it is of another
// type.
class SettingsGroup {
 public:
  SettingsGroup(const libconfig::Setting& group, const SettingsSource& source);

  std::optional<LocatedText> text(std::string_view name);
  // Returns whether the setting is there and is a text: some settings may have a word or a list.
  bool is_text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  // Refuses a value outside of min to max.
  std::optional<long long> integer(std::string_view name, long long min, long long max);
  // A list ( "a", "b" ) or array [ "a", "b" ].
  std::optional<std::vector<LocatedText>> texts(std::string_view name);
  // A list of groups ( { ... }, { ... } ).
  std::optional<std::vector<SettingsGroup>> groups(std::string_view name);
  // A single group { ... }.
  std::optional<SettingsGroup> group(std::string_view name);
  // Like text(), but throws SettingsError if the setting is absent.
  LocatedText required_text(std::string_view name);

  // Throws SettingsError for the first setting that nothing asked for.
  void reject_unknown() const;

  // Returns the place at which this group begins.
  std::string place() const;
  // Returns the place of this setting, or that of the group if the setting is absent.
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
  // Reads a file and those that it includes (crypto/settings/settings_source.hpp). Throws SettingsError if
  // one of them cannot be read, can be written by others (crypto/trusted_path.hpp), is too large or does not
  // parse; throws std::bad_alloc if there is not enough memory to parse it.
  static SettingsFile read(const std::filesystem::path& path);
  // Parses text that was read already and must not include files. name: the file name for errors.
  static SettingsFile parse(std::string_view text, const std::string& name);

  SettingsFile(SettingsFile&&) noexcept;
  SettingsFile& operator=(SettingsFile&&) noexcept;
  ~SettingsFile();

  SettingsGroup root() const;

 private:
  explicit SettingsFile(SettingsSource source);
  std::unique_ptr<const SettingsSource> source_;
  std::unique_ptr<ParserMemory> memory_;  // contains config_
  std::unique_ptr<libconfig::Config> config_;
};

// Reads a selector; throws SettingsError for anything else.
canon::Selector read_selector(const LocatedText& value);
// Read a selector, and a domain to sign as, as people type them (canon/typed_names.hpp). name: that of the
// setting. Throw SettingsError.
canon::Selector read_typed_selector(const LocatedText& value);
canon::DomainName read_typed_domain(const LocatedText& value, std::string_view name);

// Throws SettingsError with "place: what; right".
[[noreturn]] void throw_settings_error(const std::string& place, std::string_view what,
                                       std::string_view right);

// Returns the words as a person would list them: "a, b or c".
std::string alternatives(std::initializer_list<std::string_view> words);

}  // namespace dkim::crypto
