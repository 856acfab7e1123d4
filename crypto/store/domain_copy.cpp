#include "crypto/store/domain_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "crypto/directory.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/settings_source.hpp"
#include "crypto/store/domain_files.hpp"
#include "crypto/store/published_record.hpp"

namespace dkim::crypto {
namespace {

// A file as the state has it.
struct WantedFile {
  std::string name;
  Secret content;
  KeyState state;  // of the key
};

struct Wanted {
  std::vector<WantedFile> keys;
  std::vector<WantedFile> records;
};

// How the files differ from the state. The pointers are into Wanted.
struct Differences {
  bool manifest = false;
  std::vector<const WantedFile*> new_keys;
  std::vector<const WantedFile*> other_keys;
  std::vector<const WantedFile*> records;
  std::vector<std::string> surplus;

  bool any() const {
    return manifest || !new_keys.empty() || !other_keys.empty() || !records.empty() || !surplus.empty();
  }
};

using Names = std::set<std::string, std::less<>>;

std::string key_file(const KeyStore& store, const canon::DomainName& domain, const KeyEntry& entry) {
  return store.key_path(domain, entry).filename().string();
}

std::string record_file(const KeyStore& store, const canon::DomainName& domain, const KeyEntry& entry) {
  return store.record_path(domain, entry.selector).filename().string();
}

const PrivateKey& key_of(const canon::DomainName& domain, const DomainState& state, const KeyEntry& entry) {
  const auto found = std::find_if(state.keys.begin(), state.keys.end(),
                                  [&](const CopiedKey& copied) { return copied.id == entry.id(); });
  if (found == state.keys.end()) {
    throw StoreError(fmt::format("the key {} of {} is {}, but its private key did not come with it",
                                 entry.selector.str(), domain.str(), to_string(entry.state)));
  }
  if (found->key.algorithm() != entry.algorithm || found->key.bits() != entry.bits) {
    throw StoreError(fmt::format("the private key {} of {} is another one than its manifest says",
                                 entry.selector.str(), domain.str()));
  }
  return found->key;
}

Wanted wanted_files(const KeyStore& store, const canon::DomainName& domain, const DomainState& state) {
  Wanted wanted;
  for (const auto& entry : state.manifest.keys) {
    const bool is_revoked = entry.state == KeyState::revoked;
    const auto* const key = is_revoked ? nullptr : &key_of(domain, state, entry);
    if (key != nullptr) wanted.keys.push_back({key_file(store, domain, entry), key->to_pem(), entry.state});
    const auto record = is_revoked ? revoked_record(entry.algorithm, state.manifest.record)
                                   : make_record(*key, state.manifest.record);
    const auto text = zone_text(published_record(state.manifest, entry.selector, domain, record));
    wanted.records.push_back(
        {record_file(store, domain, entry), Secret(text.begin(), text.end()), entry.state});
  }
  return wanted;
}

bool is_same_key(const Secret& pem, const Secret& wanted) {
  if (pem == wanted) return true;
  try {
    return PrivateKey::from_pem(pem).to_pem() == wanted;  // it may have been written in another form
  } catch (const KeyFileError&) {
    return false;
  }
}

// The names that belong to the entries of a manifest; unknown files have others.
Names names_of(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest) {
  Names names;
  for (const auto& entry : manifest.keys) {
    names.insert(key_file(store, domain, entry));
    names.insert(record_file(store, domain, entry));
  }
  return names;
}

class Comparison {
 public:
  Comparison(const Directory& directory, Names present, Names known)
      : directory_(directory), present_(std::move(present)), known_(std::move(known)) {}

  Differences differences(const Wanted& wanted) const {
    Differences out;
    Names kept;
    for (const auto& key : wanted.keys) {
      kept.insert(key.name);
      const auto pem = read(key.name, TrustedAs::private_key);
      if (!pem) {
        out.new_keys.push_back(&key);
      } else if (!is_same_key(*pem, key.content)) {
        refuse_unknown(key.name);
        out.other_keys.push_back(&key);
      }
    }
    for (const auto& record : wanted.records) {
      kept.insert(record.name);
      const auto text = read(record.name, TrustedAs::file);
      if (text && *text == record.content) continue;
      if (text) refuse_unknown(record.name);
      out.records.push_back(&record);
    }
    for (const auto& name : known_) {
      if (present_.contains(name) && !kept.contains(name)) out.surplus.push_back(name);
    }
    return out;
  }

 private:
  std::optional<Secret> read(const std::string& name, TrustedAs as) const {
    if (!present_.contains(name)) return std::nullopt;
    return directory_.read(name, as, most_settings_bytes);
  }

  void refuse_unknown(const std::string& name) const {
    if (known_.contains(name)) return;
    throw UnknownFile(
        fmt::format("{} is there, but not in the manifest beside it, and not what the fleet has under this "
                    "name; it is left as it is: move it away",
                    (directory_.path() / name).string()));
  }

  const Directory& directory_;
  Names present_;
  Names known_;
};

Names names_in(const Directory& directory) {
  auto names = directory.names();
  return {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
}

Differences compare(const Directory& directory, const KeyStore& store, const canon::DomainName& domain,
                    const std::optional<Manifest>& manifest, const DomainState& state, const Wanted& wanted) {
  // What the state has under a name that the manifest here does not know is somebody else's.
  auto known_here = manifest ? names_of(store, domain, *manifest) : Names{};
  auto present = names_in(directory);
  // A revoked key's file has to go, whoever put it there.
  for (const auto& entry : state.manifest.keys) {
    if (entry.state == KeyState::revoked) known_here.insert(key_file(store, domain, entry));
  }
  auto out = Comparison(directory, std::move(present), std::move(known_here)).differences(wanted);
  out.manifest = !manifest || !(*manifest == state.manifest);
  return out;
}

// Without the lock and without writing anything. A writer that is at work meanwhile makes them differ.
bool is_equal(const KeyStore& store, const canon::DomainName& domain, const DomainState& state,
              const Wanted& wanted) {
  const auto directory = Directory::open(store.directory()).find(domain.str());
  if (!directory) return false;
  const auto names = directory->names();
  if (std::any_of(names.begin(), names.end(), is_leftover)) return false;
  const auto read = store.read_manifest(domain);
  if (!read) return false;
  return !compare(*directory, store, domain, read->manifest, state, wanted).any();
}

}  // namespace

bool write_copy(const KeyStore& store, const canon::DomainName& domain, const DomainState& state) {
  const auto wanted = wanted_files(store, domain, state);
  if (is_equal(store, domain, state, wanted)) return false;

  DomainFiles files(store, domain);
  const auto differences = compare(files.directory(), files.store(), domain, files.manifest(), state, wanted);
  if (!differences.any()) return true;  // what a killed writer left has been tidied up
  for (const auto* key : differences.new_keys)
    files.add_key(key->name, key->content);
  for (const auto* key : differences.other_keys)
    files.replace_key(key->name, key->content, key->state);
  for (const auto* record : differences.records)
    files.put_record(record->name, view(record->content));
  for (const auto& name : differences.surplus)
    files.remove(name);
  files.commit(state.manifest);
  return true;
}

bool remove_copy(const KeyStore& store, const canon::DomainName& domain) {
  const auto directory = Directory::open(store.directory()).find(domain.str());
  if (!directory) return false;
  const auto manifest = store.manifest_path(domain).filename().string();
  const auto names = directory->names();
  // Files of others are no reason to begin.
  const bool is_begun = names.empty() || (names.size() == 1 && names.front() == domain_lock_name) ||
                        std::any_of(names.begin(), names.end(), is_leftover);
  if (!is_begun && std::find(names.begin(), names.end(), manifest) == names.end()) return false;
  DomainFiles(store, domain).remove_all();
  return true;
}

}  // namespace dkim::crypto
