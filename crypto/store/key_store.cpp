#include "crypto/store/key_store.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/settings/settings_source.hpp"

namespace dkim::crypto {
namespace {

// The PEM of an RSA key of 8192 bits takes 6.4 kB.
constexpr std::size_t key_file_limit = 64 << 10;

// The key directory and that of the domain.
constexpr std::size_t own_directories = 2;

// Calls visit with each name in the directory until it returns false. Does not use std::filesystem, whose
// iterator ends the process if there is no memory for the next name.
template <typename Visit>
void visit_names(const std::filesystem::path& directory, Visit visit) {
  const std::unique_ptr<DIR, decltype([](DIR* open) { closedir(open); })> entries(opendir(directory.c_str()));
  if (!entries) throw_store_error("list", directory, errno);
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(entries.get());
    if (entry == nullptr && errno != 0) throw_store_error("list", directory, errno);
    if (entry == nullptr) return;
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !visit(name)) return;
  }
}

// A directory in another spelling (upper case) would never be found for a message.
std::optional<canon::DomainName> domain_of(const std::string& name) {
  auto domain = canon::DomainName::parse(name);
  if (!domain || domain->str() != name) return std::nullopt;
  return *std::move(domain);
}

}  // namespace

std::filesystem::path KeyStore::domain_directory(const canon::DomainName& domain) const {
  return directory_ / domain.str();
}

std::filesystem::path KeyStore::manifest_path(const canon::DomainName& domain) const {
  return domain_directory(domain) / "keys.conf";
}

std::filesystem::path KeyStore::key_path(const canon::DomainName& domain, const KeyEntry& entry) const {
  const auto use = entry.use > 1 ? fmt::format("+{}", entry.use) : "";
  return domain_directory(domain) / fmt::format("{}{}.private", entry.selector.str(), use);
}

std::filesystem::path KeyStore::record_path(const canon::DomainName& domain,
                                            const canon::Selector& selector) const {
  return domain_directory(domain) / (selector.str() + ".txt");
}

void KeyStore::check_directory() const {
  struct stat status = {};
  if (stat(directory_.c_str(), &status) != 0) throw_store_error("open the key directory", directory_, errno);
}

void KeyStore::judge_directory() const {
  check_directory();
  if (const auto distrust = find_distrust(directory_, TrustedAs::directory)) throw UntrustedPath(*distrust);
}

KeyStore KeyStore::held() const {
  KeyStore held(directory_);
  held.held_ = std::make_shared<const TrustedDirectory>(TrustedDirectory::open(directory_));
  return held;
}

std::optional<OpenedFile> KeyStore::open_in_domain(const std::filesystem::path& path, TrustedAs as) const {
  // DIRECTORY/example.com/NAME.
  if (held_) return held_->open_file(path.parent_path().filename() / path.filename(), as);
  return open_trusted_file(path, own_directories, as);
}

std::optional<FileStamp> KeyStore::stamp(const canon::DomainName& domain) const {
  const std::string path = directory_.native() + "/" + domain.str() + "/keys.conf";
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0) return stamp_of(status);
  if (errno != ENOENT && errno != ENOTDIR) throw_store_error("examine", path, errno);
  check_directory();
  return std::nullopt;
}

std::optional<StampedManifest> KeyStore::read_manifest(const canon::DomainName& domain) const {
  const auto path = manifest_path(domain);
  const auto file = open_in_domain(path, TrustedAs::file);
  if (!file) {
    check_directory();
    return std::nullopt;
  }
  const FileStamp stamp = stamp_of(file->status);
  const bool settled = stamp.is_settled_at(file_clock_now());
  const Secret text = read_all(*file, path, most_settings_bytes);
  return StampedManifest{parse_manifest(view(text), path.string()), stamp, settled};
}

PrivateKey KeyStore::load_key(const canon::DomainName& domain, const KeyEntry& entry) const {
  const auto path = key_path(domain, entry);
  const auto read = [&]() -> std::optional<Secret> {
    try {
      const auto file = open_in_domain(path, TrustedAs::private_key);
      if (!file) return std::nullopt;
      return read_all(*file, path, key_file_limit);
    } catch (const UntrustedPath& error) {
      throw KeyFileError(error.what(), error.distrust());
    } catch (const StoreError& error) {
      throw KeyFileError(error.what());
    }
  };
  const auto pem = read();
  if (!pem) {
    throw KeyFileError(fmt::format("{} is missing, but the manifest beside it says that the key is {}",
                                   path.string(), to_string(entry.state)));
  }
  try {
    auto key = PrivateKey::from_pem(*pem);
    if (key.algorithm() != entry.algorithm || key.bits() != entry.bits) {
      throw KeyFileError(fmt::format("another key than the manifest says ({}, {} bits)",
                                     key_name(key.algorithm()), key.bits()));
    }
    return key;
  } catch (const KeyFileError& error) {
    throw KeyFileError(fmt::format("{} holds {}", path.string(), error.what()));
  }
}

KeyRecord KeyStore::record_of(const canon::DomainName& domain, const KeyEntry& entry,
                              const RecordFlags& flags) const {
  if (entry.state == KeyState::revoked) return revoked_record(entry.algorithm, flags);
  return make_record(load_key(domain, entry), flags);
}

std::vector<canon::DomainName> KeyStore::domains() const {
  std::vector<canon::DomainName> out;
  visit_names(directory_, [&](const std::string& name) {
    auto domain = domain_of(name);
    if (domain && stamp(*domain)) out.push_back(*std::move(domain));
    return true;
  });
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::vector<canon::DomainName>> KeyStore::domains_up_to(std::size_t limit) const {
  std::vector<canon::DomainName> out;
  const auto may_have_manifest = [this](const canon::DomainName& domain) {
    try {
      return stamp(domain).has_value();
    } catch (const StoreError&) {
      return true;
    }
  };
  std::size_t others = 0;
  bool complete = true;
  visit_names(directory_, [&](const std::string& name) {
    auto domain = domain_of(name);
    if (domain && may_have_manifest(*domain)) {
      out.push_back(*std::move(domain));
    } else {
      ++others;
    }
    complete = out.size() <= limit && others <= 1000;
    return complete;
  });
  if (!complete) return std::nullopt;
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace dkim::crypto
