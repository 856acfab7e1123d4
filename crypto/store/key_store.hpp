// The key store: both programs' view of the key directory. Only this file and domain_transaction know the
// layout:
//
//   DIRECTORY/example.com/keys.conf        the manifest
//   DIRECTORY/example.com/server.private   PKCS#8 PEM, never changed once it has its name
//   DIRECTORY/example.com/server.txt       the record, as zone-file text
//   DIRECTORY/example.com/s1+2.private     the second key of a slot
//
// Readers take no lock, because files are replaced whole. Nothing is read before it is needed, so a million
// domains cost nothing at start. Immutable, usable from any thread. Writing is in
// crypto/store/domain_transaction.hpp.
//
// Failures are StoreError, UntrustedPath and KeyFileError for files, SettingsError for a manifest's content.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/file_stamp.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {

struct StampedManifest {
  Manifest manifest;
  FileStamp stamp;
  bool settled = false;  // FileStamp::is_settled_at() when the manifest was read
};

class KeyStore {
 public:
  explicit KeyStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Returns this store with its key directory open, judged once with the way to it: for one run over many
  // domains, whose manifests and keys are then looked up there without walking all the way for each. Throws
  // as judge_directory does. Does not notice if another directory gets this name meanwhile.
  KeyStore held() const;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path domain_directory(const canon::DomainName& domain) const;
  std::filesystem::path manifest_path(const canon::DomainName& domain) const;
  // The file's name has the number of the use after a "+", which no selector has, if it is not the first.
  std::filesystem::path key_path(const canon::DomainName& domain, const KeyEntry& entry) const;
  std::filesystem::path record_path(const canon::DomainName& domain, const canon::Selector& selector) const;

  // Takes one stat(2). Returns nothing if the domain has no keys. Throws StoreError if that cannot be found
  // out.
  std::optional<FileStamp> stamp(const canon::DomainName& domain) const;

  // Throws UntrustedPath if others can write the key directory or a directory on the way to it
  // (crypto/trusted_path.hpp), because they could add domains and keys. Throws StoreError if it does not
  // exist.
  void judge_directory() const;

  // Returns nothing if the domain has no keys. Throws StoreError (UntrustedPath included) or SettingsError.
  std::optional<StampedManifest> read_manifest(const canon::DomainName& domain) const;

  // Throws KeyFileError, with the path and what to do, if the file is missing, readable by others, writable
  // by its group or others (as are all directories on the way), damaged, or not the kind of key that the
  // manifest says. The error has the Distrust if that is the reason.
  PrivateKey load_key(const canon::DomainName& domain, const KeyEntry& entry) const;

  // Returns the record that DNS is to serve for a key. The public key comes from the key file; a revoked key
  // has no file, and p= is empty in its record. flags: the manifest's. Throws KeyFileError as load_key does.
  KeyRecord record_of(const canon::DomainName& domain, const KeyEntry& entry, const RecordFlags& flags) const;

  // Returns all domains with a manifest, sorted. Ignores entries that are not domain names.
  std::vector<canon::DomainName> domains() const;

  // Like domains(), but returns nothing, without reading to the end, if there are more domains than limit, or
  // more than 1,000 entries that are not domains. An entry that may or may not have a manifest counts as a
  // domain.
  std::optional<std::vector<canon::DomainName>> domains_up_to(std::size_t limit) const;

 private:
  // Throws StoreError if the key directory does not exist. A missing domain is an answer, but a missing key
  // directory (misspelt, not mounted) is a fault: otherwise all mail would leave unsigned.
  void check_directory() const;
  std::optional<OpenedFile> open_in_domain(const std::filesystem::path& path, TrustedAs as) const;

  std::filesystem::path directory_;
  std::shared_ptr<const TrustedDirectory> held_;  // null: by the path
};

}  // namespace dkim::crypto
