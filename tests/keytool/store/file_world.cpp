#include <algorithm>

#include "crypto/store/file_store.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

class FileWorld final : public StoreWorld {
 public:
  crypto::StoreOfRecord& store() override { return store_; }
  crypto::StoreOfRecord& elsewhere() override { return elsewhere_; }

  std::vector<std::string> private_keys(const canon::DomainName& domain) override {
    return key_files(files_, domain);
  }
  void lose_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) override {
    std::filesystem::remove(files_.key_path(domain, entry));
  }

 private:
  test::TemporaryDirectory directory_;
  const crypto::KeyStore files_{directory_.path()};
  crypto::FileStore store_{files_};
  crypto::FileStore elsewhere_{files_};
};

}  // namespace

std::vector<std::string> key_files(const crypto::KeyStore& files, const canon::DomainName& domain) {
  std::vector<std::string> keys;
  const auto directory = files.domain_directory(domain);
  if (!exists(directory)) return keys;
  for (const auto& name : test::names_in(directory)) {
    const std::filesystem::path path(name);
    if (name.find(".private") == std::string::npos) continue;
    if (path.extension() != ".private") {
      keys.push_back(name);
      continue;
    }
    auto key = path.stem().string();
    const auto use = key.find('+');
    if (use == std::string::npos) {
      key += "/1";
    } else {
      key[use] = '/';
    }
    keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::unique_ptr<StoreWorld> make_file_world() {
  return std::make_unique<FileWorld>();
}

std::vector<StoreKind> store_kinds() {
  return {
      {"files", make_file_world},
#ifdef DKIMSIGND_TEST_FLEET
      {"database", make_fleet_world},
#endif
  };
}

}  // namespace dkim::keytool::store_test
