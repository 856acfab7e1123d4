#include "tests/crypto/test_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "crypto/store/domain_transaction.hpp"

namespace dkim::test {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "dkim-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

canon::DomainName domain_name(std::string_view text) {
  return *canon::DomainName::parse(text);
}

canon::Selector selector(std::string_view text) {
  return *canon::Selector::parse(text);
}

crypto::Secret secret(std::string_view text) {
  return {text.begin(), text.end()};
}

const crypto::PrivateKey& rsa_key() {
  static const auto key = crypto::PrivateKey::generate_rsa(1024);
  return key;
}

const crypto::PrivateKey& other_rsa_key() {
  static const auto key = crypto::PrivateKey::generate_rsa(2048);
  return key;
}

const crypto::PrivateKey& ed25519_key() {
  static const auto key = crypto::PrivateKey::generate_ed25519();
  return key;
}

void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file || chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

crypto::KeyEntry entry_of(std::string_view selector_name, const crypto::PrivateKey& key,
                          crypto::KeyState state) {
  return {.selector = selector(selector_name),
          .algorithm = key.algorithm(),
          .bits = key.bits(),
          .state = state,
          .created = *crypto::parse_utc_time("2026-11-24T06:00:00Z"),
          .activated = {},
          .retired = {},
          .revoked = {}};
}

void TestStore::add(std::string_view domain, std::string_view selector_name, const crypto::PrivateKey& key,
                    crypto::KeyState state) {
  crypto::DomainTransaction transaction(store_, domain_name(domain));
  transaction.add_key(entry_of(selector_name, key, state), key);
  transaction.commit();
}

void TestStore::replace(std::string_view domain, std::string_view old_selector, std::string_view new_selector,
                        const crypto::PrivateKey& key) {
  crypto::DomainTransaction transaction(store_, domain_name(domain));
  for (auto& entry : transaction.manifest().keys) {
    if (entry.selector.str() == old_selector) entry.state = crypto::KeyState::retiring;
  }
  auto entry = entry_of(new_selector, key, crypto::KeyState::active);
  entry.replaces = {selector(old_selector)};
  transaction.add_key(std::move(entry), key);
  transaction.commit();
}

void TestStore::set_subdomains(std::string_view domain, bool allowed) {
  crypto::DomainTransaction transaction(store_, domain_name(domain));
  transaction.manifest().subdomains = allowed;
  transaction.commit();
}

}  // namespace dkim::test
