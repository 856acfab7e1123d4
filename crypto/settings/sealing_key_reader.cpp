// Reads the file of sealing keys (crypto/keys/sealing_keys.hpp), whose text is that of a settings file.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "crypto/base64.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr std::size_t largest_file = 16 << 10;

// Takes the text and cleanses it.
Secret read_key(LocatedText&& text) {
  auto decoded = base64_decode(text.text);
  OPENSSL_cleanse(text.text.data(), text.text.size());
  Secret bytes;
  if (decoded) {
    bytes.assign(decoded->begin(), decoded->end());
    OPENSSL_cleanse(decoded->data(), decoded->size());
  }
  if (bytes.size() != sealing_key_bytes) {
    throw_settings_error(text.place, "\"key\" is not a sealing key",
                         "32 bytes in Base64; copy the file from another machine of the fleet");
  }
  return bytes;
}

SealingKey read_entry(SettingsGroup group) {
  SealingKey key;
  const auto number = group.integer("number", 1, highest_sealing_key);
  if (!number) throw_settings_error(group.place(), "\"number\" is missing", "it must be given here");
  key.number = static_cast<int>(*number);
  key.bytes = read_key(group.required_text("key"));
  group.reject_unknown();
  return key;
}

void refuse_twice(const std::vector<SealingKey>& keys, const SealingKey& key, const std::string& place) {
  for (const auto& other : keys) {
    if (other.number == key.number)
      throw_settings_error(place, fmt::format("a second key of number {}", key.number),
                           "each key has a number of its own");
    if (other.bytes == key.bytes)
      throw_settings_error(place, fmt::format("the key of number {} again", other.number),
                           "each number has a key of its own");
  }
}

SealingKeys parse_settings(std::string_view text, const std::string& name) {
  const auto file = SettingsFile::parse(text, name);
  auto root = file.root();
  auto groups = root.groups("sealing_keys");
  if (!groups || groups->empty()) {
    throw_settings_error(name + ":1", "\"sealing_keys\" is missing or empty",
                         "the form is: sealing_keys = ( { number = 1; key = \"...\"; } );");
  }
  root.reject_unknown();
  if (groups->size() > most_sealing_keys) {
    throw_settings_error(name + ":1", fmt::format("{} sealing keys", groups->size()),
                         fmt::format("{} are the most", most_sealing_keys));
  }
  std::vector<SealingKey> keys;
  for (auto& group : *groups) {
    const std::string place = group.place();
    auto key = read_entry(std::move(group));
    refuse_twice(keys, key, place);
    keys.push_back(std::move(key));
  }
  return SealingKeys(std::move(keys));
}

std::optional<OpenedFile> open_file(const std::filesystem::path& path) {
  return open_trusted_file(path, 0, TrustedAs::shared_secret);
}

}  // namespace

SealingKeys SealingKeys::read(const std::filesystem::path& path) {
  const auto what = "the sealing key file is not used: ";
  try {
    const auto file = open_file(path);
    if (!file) {
      throw KeyFileError(fmt::format(
          "the sealing key file {} does not exist; copy it from another machine of the fleet, or, for a new "
          "fleet, let dkimkey fleet init make it",
          path.string()));
    }
    return parse(view(read_all(*file, path, largest_file)), path.string());
  } catch (const UntrustedPath& error) {
    throw KeyFileError(fmt::format("{}{}", what, error.what()), error.distrust());
  } catch (const StoreError& error) {
    throw KeyFileError(fmt::format("{}{}", what, error.what()));
  }
}

SealingKeys SealingKeys::parse(std::string_view text, const std::string& name) {
  try {
    return parse_settings(text, name);
  } catch (const SettingsError& error) {
    throw KeyFileError(fmt::format("the sealing key file is not used: {}", error.what()));
  }
}

}  // namespace dkim::crypto
