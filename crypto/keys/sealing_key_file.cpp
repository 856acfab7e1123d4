// Writes the file of sealing keys (crypto/keys/sealing_keys.hpp).
#include <fmt/format.h>
#include <openssl/rand.h>

#include <utility>

#include "crypto/directory.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/openssl.hpp"

namespace dkim::crypto {
namespace {

constexpr mode_t file_mode = 0640;

SealingKey new_key(int number) {
  SealingKey key{number, Secret(sealing_key_bytes)};
  check_openssl(
      RAND_priv_bytes(reinterpret_cast<unsigned char*>(key.bytes.data()), static_cast<int>(key.bytes.size())),
      "cannot make a random sealing key");
  return key;
}

std::string name_of(const std::filesystem::path& path) {
  auto name = path.filename().string();
  if (name.empty()) throw StoreError(fmt::format("{} does not name a file for sealing keys", path.string()));
  return name;
}

// The directory of the file, with the lock of those who write it.
class SealingKeyFile {
 public:
  explicit SealingKeyFile(const std::filesystem::path& path)
      : path_(path),
        name_(name_of(path)),
        directory_(Directory::open(path.has_parent_path() ? path.parent_path() : ".")),
        lock_(directory_.lock("." + name_ + ".lock")) {
    // A killed writer's.
    directory_.remove(temporary_name(name_));
  }

  void make(const SealingKeys& keys) const {
    write(keys, {file_mode, static_cast<gid_t>(-1)}, [this] {
      directory_.link_temporary(name_);
      directory_.sync();
      directory_.remove(temporary_name(name_));
    });
  }

  SealingKeys read() const {
    const auto status = directory_.status_of(name_);
    // Otherwise it would be the link that is replaced.
    if (status && S_ISLNK(status->st_mode)) {
      throw StoreError(fmt::format(
          "{} is a symbolic link, through which nothing is written; name the file itself", path_.string()));
    }
    return SealingKeys::read(path_);
  }

  // Owner aside, the new file has the attributes of the old one, which were judged when it was read.
  void replace(const SealingKeys& keys) const {
    const auto status = directory_.status_of(name_);
    if (!status) throw StoreError(fmt::format("{} was removed meanwhile", path_.string()));
    write(keys, {status->st_mode & file_mode, status->st_gid},
          [this] { directory_.rename_temporary(name_); });
  }

 private:
  template <typename PutInPlace>
  void write(const SealingKeys& keys, FileAttributes attributes, PutInPlace put_in_place) const {
    try {
      const auto text = keys.text();
      directory_.write_temporary(name_, view(text), attributes);
      put_in_place();
    } catch (const StoreError&) {
      try {
        directory_.remove(temporary_name(name_));
      } catch (const StoreError&) {  // the next writer tries again
      }
      throw;
    }
    directory_.sync();
  }

  std::filesystem::path path_;  // for messages, and to read
  std::string name_;
  Directory directory_;
  FileDescriptor lock_;
};

}  // namespace

SealingKey make_sealing_key_file(const std::filesystem::path& path) {
  const SealingKeyFile file(path);
  auto key = new_key(1);
  file.make(SealingKeys({key}));
  return key;
}

SealingKey add_sealing_key(const std::filesystem::path& path) {
  const SealingKeyFile file(path);
  auto keys = file.read().all();
  const int last = keys.back().number;
  if (last >= highest_sealing_key || keys.size() >= most_sealing_keys) {
    throw StoreError(
        fmt::format("{} has {} keys, up to number {}, and takes no more; remove those that are no longer "
                    "needed with: dkimkey fleet reseal --finish",
                    path.string(), keys.size(), last));
  }
  auto key = new_key(last + 1);
  keys.push_back(key);
  file.replace(SealingKeys(std::move(keys)));
  return key;
}

void remove_sealing_keys_below(const std::filesystem::path& path, int number) {
  const SealingKeyFile file(path);
  auto keys = file.read().all();
  if (keys.back().number < number) {
    throw StoreError(fmt::format("{} has no sealing key of number {} or higher, so all of it stays",
                                 path.string(), number));
  }
  if (std::erase_if(keys, [number](const SealingKey& key) { return key.number < number; }) > 0)
    file.replace(SealingKeys(std::move(keys)));
}

}  // namespace dkim::crypto
