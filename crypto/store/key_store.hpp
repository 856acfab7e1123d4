// The directory of keys that both programs share: the only place that knows its layout.
//
//   DIRECTORY/example.com/keys.conf        the manifest
//   DIRECTORY/example.com/server.private   PKCS#8 PEM, never changed once it has its name
//   DIRECTORY/example.com/server.txt       the record, as zone-file text
//
// Readers take no lock: files are replaced whole. Nothing is read before it is asked for, so a store of a
// million domains costs nothing at start. Immutable, usable from any thread. Writing: domain_transaction.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {

// What tells one manifest file from another without reading it.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified = {};
  timespec changed = {};

  bool operator==(const FileStamp& other) const;
  // A file replaced within the clock's granularity could carry the same stamp (its inode may be used
  // again): a stamp this young at the time of reading proves nothing later.
  bool is_settled_at(timespec read_time) const;
};

struct StampedManifest {
  Manifest manifest;
  FileStamp stamp;
  bool settled = false;
};

class KeyStore {
 public:
  explicit KeyStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // The same store with its key directory open, judged once with the way to it: for one run over many
  // domains, whose manifests and keys are then looked up there without walking all the way for each. Throws
  // as judge_directory does. What replaces the directory by its name meanwhile is not seen.
  KeyStore held() const;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path domain_directory(const canon::DomainName& domain) const;
  std::filesystem::path manifest_path(const canon::DomainName& domain) const;
  std::filesystem::path key_path(const canon::DomainName& domain, const canon::Selector& selector) const;
  std::filesystem::path record_path(const canon::DomainName& domain, const canon::Selector& selector) const;

  // One stat: nothing if the domain has no store. Throws StoreError if that cannot be found out.
  std::optional<FileStamp> stamp(const canon::DomainName& domain) const;

  // Throws UntrustedPath if the key directory, or one on the way to it, may be written by others
  // (crypto/trusted_path): they could make domains and keys of their own. StoreError if it is not there.
  void judge_directory() const;

  // Throws StoreError, UntrustedPath with it, or SettingsError; nothing if the domain has no store.
  std::optional<StampedManifest> read_manifest(const canon::DomainName& domain) const;

  // Throws KeyFileError with the path and the remedy: missing, readable by others, writable by group or
  // others (judged on the opened file, and on all directories on the way to it), damaged, or not of the kind
  // the manifest says.
  PrivateKey load_key(const canon::DomainName& domain, const KeyEntry& entry) const;

  // Every domain with a manifest, sorted. Entries that are no domain are passed over.
  std::vector<canon::DomainName> domains() const;

  // The same of a store with no more domains than the limit; nothing for a larger one, which is not read to
  // its end, nor is one whose directory has another thousand entries that are no domains. A domain of which
  // it cannot be found out whether it has a manifest counts as one.
  std::optional<std::vector<canon::DomainName>> domains_up_to(std::size_t limit) const;

 private:
  // A domain that is not there is an answer; a key directory that is not there (misspelt, not mounted) is a
  // fault, or all mail would leave unsigned.
  void check_directory() const;
  std::optional<OpenedFile> open_in_domain(const std::filesystem::path& path, TrustedAs as) const;

  std::filesystem::path directory_;
  std::shared_ptr<const TrustedDirectory> held_;  // null: by the path
};

}  // namespace dkim::crypto
