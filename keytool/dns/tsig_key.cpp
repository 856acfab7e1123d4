#include "keytool/dns/tsig_key.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t largest_file = 16 << 10;

crypto::Secret read_secret_file(const std::filesystem::path& path) {
  try {
    const auto file = crypto::open_trusted_file(path, 0, crypto::TrustedAs::shared_secret);
    if (!file) throw crypto::KeyFileError(fmt::format("the TSIG key file {} does not exist", path.string()));
    return crypto::read_all(*file, path, largest_file);
  } catch (const crypto::StoreError& error) {
    throw crypto::KeyFileError(fmt::format("the TSIG key file is not used: {}", error.what()));
  }
}

}  // namespace

TsigKey read_tsig_key(const std::filesystem::path& path) {
  const auto text = read_secret_file(path);
  try {
    return parse_tsig_key(crypto::view(text), path.filename().string());
  } catch (const crypto::KeyFileError& error) {
    throw crypto::KeyFileError(fmt::format("the TSIG key file {} has {}", path.string(), error.what()));
  }
}

}  // namespace dkim::keytool
