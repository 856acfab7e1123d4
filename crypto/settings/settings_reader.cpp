#include "crypto/settings/settings_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <libconfig.h++>

#include "canon/typed_names.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/parser_memory.hpp"
#include "crypto/settings/settings_source.hpp"

namespace dkim::crypto {
namespace {

std::string_view type_name(const libconfig::Setting& setting) {
  switch (setting.getType()) {
    case libconfig::Setting::TypeInt:
    case libconfig::Setting::TypeInt64:
      return "a number";
    case libconfig::Setting::TypeFloat:
      return "a number with a fraction";
    case libconfig::Setting::TypeString:
      return "a text";
    case libconfig::Setting::TypeBoolean:
      return "true or false";
    case libconfig::Setting::TypeGroup:
      return "a group { ... }";
    case libconfig::Setting::TypeArray:
    case libconfig::Setting::TypeList:
      return "a list ( ... )";
    default:
      return "nothing";
  }
}

[[noreturn]] void throw_wrong_type(const std::string& place, std::string_view name, std::string_view wanted,
                                   const libconfig::Setting& setting) {
  throw_settings_error(place, fmt::format("\"{}\" is {}", name, type_name(setting)),
                       fmt::format("it must be {}", wanted));
}

canon::Selector selector_or_error(canon::Result<canon::Selector> selector, const std::string& place) {
  if (!selector) {
    throw_settings_error(place, fmt::format("the selector is {}", selector.refusal().reason),
                         "labels of letters, digits, - and _, joined by dots");
  }
  return *std::move(selector);
}

bool is_sequence(const libconfig::Setting& setting) {
  return setting.isList() || setting.isArray();
}

}  // namespace

canon::Selector read_selector(const LocatedText& value) {
  return selector_or_error(canon::Selector::parse(value.text), value.place);
}

canon::Selector read_typed_selector(const LocatedText& value) {
  return selector_or_error(canon::parse_typed_selector(value.text), value.place);
}

canon::DomainName read_typed_domain(const LocatedText& value, std::string_view name) {
  auto domain = canon::parse_typed_domain(value.text);
  if (!domain) {
    throw_settings_error(value.place, fmt::format("\"{}\" is {}", name, domain.refusal().reason),
                         "the domain to sign as, such as example.com");
  }
  return *std::move(domain);
}

void throw_settings_error(const std::string& place, std::string_view what, std::string_view right) {
  throw SettingsError(fmt::format("{}: {}; {}", place, what, right));
}

std::string alternatives(std::initializer_list<std::string_view> words) {
  std::string out;
  std::size_t left = words.size();
  for (const auto word : words) {
    out += word;
    --left;
    if (left > 0) out += left == 1 ? " or " : ", ";
  }
  return out;
}

SettingsGroup::SettingsGroup(const libconfig::Setting& group, const SettingsSource& source)
    : group_(&group), source_(&source) {}

const libconfig::Setting* SettingsGroup::find(std::string_view name) {
  const auto [known, added] = known_.emplace(name);
  return group_->exists(*known) ? &group_->lookup(*known) : nullptr;
}

std::string SettingsGroup::place_of(const libconfig::Setting& setting) const {
  return source_->place(setting.getSourceLine());
}

std::string SettingsGroup::place() const {
  return place_of(*group_);
}

std::string SettingsGroup::place(std::string_view name) {
  const auto* setting = find(name);
  return setting == nullptr ? place() : place_of(*setting);
}

std::optional<LocatedText> SettingsGroup::text(std::string_view name) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  const std::string place = place_of(*setting);
  if (setting->getType() != libconfig::Setting::TypeString)
    throw_wrong_type(place, name, "a text in quotes", *setting);
  return LocatedText{setting->c_str(), place};
}

bool SettingsGroup::is_text(std::string_view name) {
  const auto* setting = find(name);
  return setting != nullptr && setting->getType() == libconfig::Setting::TypeString;
}

std::optional<bool> SettingsGroup::boolean(std::string_view name) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  if (setting->getType() != libconfig::Setting::TypeBoolean) {
    throw_wrong_type(place_of(*setting), name, "true or false, without quotes", *setting);
  }
  return static_cast<bool>(*setting);
}

std::optional<long long> SettingsGroup::integer(std::string_view name, long long min, long long max) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  const std::string right = fmt::format("a whole number from {} to {}", min, max);
  long long value = 0;
  if (setting->getType() == libconfig::Setting::TypeInt) {
    value = static_cast<int>(*setting);
  } else if (setting->getType() == libconfig::Setting::TypeInt64) {
    value = static_cast<long long>(*setting);
  } else {
    throw_wrong_type(place_of(*setting), name, right, *setting);
  }
  if (value < min || value > max) {
    throw_settings_error(place_of(*setting), fmt::format("\"{}\" is {}", name, value),
                         fmt::format("it must be {}", right));
  }
  return value;
}

std::optional<std::vector<LocatedText>> SettingsGroup::texts(std::string_view name) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  if (!is_sequence(*setting))
    throw_wrong_type(place_of(*setting), name, "a list of texts ( \"a\", \"b\" )", *setting);
  std::vector<LocatedText> out;
  for (int i = 0; i < setting->getLength(); ++i) {
    const auto& entry = (*setting)[i];
    const std::string place = place_of(entry);
    if (entry.getType() != libconfig::Setting::TypeString) {
      throw_wrong_type(place, fmt::format("{}[{}]", name, i), "a text in quotes", entry);
    }
    out.push_back({entry.c_str(), place});
  }
  return out;
}

std::optional<std::vector<SettingsGroup>> SettingsGroup::groups(std::string_view name) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  if (!is_sequence(*setting)) {
    throw_wrong_type(place_of(*setting), name, "a list of groups ( { ... }, { ... } )", *setting);
  }
  std::vector<SettingsGroup> out;
  for (int i = 0; i < setting->getLength(); ++i) {
    const auto& entry = (*setting)[i];
    if (!entry.isGroup()) {
      throw_wrong_type(place_of(entry), fmt::format("{}[{}]", name, i), "a group { ... }", entry);
    }
    out.emplace_back(entry, *source_);
  }
  return out;
}

std::optional<SettingsGroup> SettingsGroup::group(std::string_view name) {
  const auto* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  if (!setting->isGroup()) throw_wrong_type(place_of(*setting), name, "a group { ... }", *setting);
  return SettingsGroup(*setting, *source_);
}

LocatedText SettingsGroup::required_text(std::string_view name) {
  auto value = text(name);
  if (!value) throw_settings_error(place(), fmt::format("\"{}\" is missing", name), "it must be given here");
  return *std::move(value);
}

void SettingsGroup::reject_unknown() const {
  for (int i = 0; i < group_->getLength(); ++i) {
    const auto& setting = (*group_)[i];
    if (known_.find(std::string_view(setting.getName())) != known_.end()) continue;
    throw_settings_error(place_of(setting), fmt::format("unknown setting \"{}\"", setting.getName()),
                         fmt::format("known here: {}", fmt::join(known_, ", ")));
  }
}

SettingsFile::SettingsFile(SettingsSource source)
    : source_(std::make_unique<const SettingsSource>(std::move(source))),
      memory_(std::make_unique<ParserMemory>(source_->memory_bound())) {
  const ParserMemory::Use use(*memory_);
  config_ = std::make_unique<libconfig::Config>();
  try {
    config_->readString(source_->text().c_str());
  } catch (const libconfig::ParseException& error) {
    throw_settings_error(source_->place(static_cast<std::size_t>(std::max(error.getLine(), 1))),
                         error.getError(), "the form is: name = value;");
  }
}

SettingsFile::SettingsFile(SettingsFile&&) noexcept = default;
SettingsFile& SettingsFile::operator=(SettingsFile&& other) noexcept {
  config_ = std::move(other.config_);  // first, while the memory that it lies in is still there
  memory_ = std::move(other.memory_);
  source_ = std::move(other.source_);
  return *this;
}
SettingsFile::~SettingsFile() = default;

SettingsFile SettingsFile::read(const std::filesystem::path& path) {
  return SettingsFile(SettingsSource::read(path));
}

SettingsFile SettingsFile::parse(std::string_view text, const std::string& name) {
  return SettingsFile(SettingsSource::of_text(text, name));
}

SettingsGroup SettingsFile::root() const {
  return {config_->getRoot(), *source_};
}

}  // namespace dkim::crypto
