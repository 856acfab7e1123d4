// keytool/dns: any file is a TSIG key or refused in words that contain nothing of its secret. A key that was
// read can sign an update, which is then verified.
#include "keytool/dns/tsig_key.hpp"

#include <cstdint>

#include "crypto/base64.hpp"
#include "crypto/error.hpp"
#include "keytool/dns/ldns_types.hpp"
#include "tests/fuzz/file_tree.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

keytool::PacketPtr make_update() {
  keytool::RdfPtr zone(ldns_dname_new_frm_str("example.com."));
  const keytool::RrListPtr none(ldns_rr_list_new());
  keytool::PacketPtr packet(
      ldns_update_pkt_new(zone.release(), LDNS_RR_CLASS_IN, none.get(), none.get(), nullptr));
  test::require(packet != nullptr, "an update can be made");
  return packet;
}

void require_signs(const keytool::TsigKey& key) {
  const auto packet = make_update();
  test::require(ldns_pkt_tsig_sign(packet.get(), key.name.c_str(), key.secret.data(), 300,
                                   key.algorithm.c_str(), nullptr) == LDNS_STATUS_OK,
                "a key that was read signs");
  const auto wire = keytool::wire_of(packet.get());
  test::require(ldns_pkt_tsig_verify(packet.get(), wire.data(), wire.size(), key.name.c_str(),
                                     key.secret.data(), nullptr),
                "the signature verifies");
}

// Files of ldns have no name of the key in them.
void read_private_file(std::string_view text) {
  try {
    require_signs(keytool::parse_tsig_key(text, "Kdkim.+159+1.private"));
  } catch (const crypto::KeyFileError& error) {
    test::require(*error.what() != '\0', "a refusal has a reason");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static test::FileTree tree("tsig.key");
  if (!tree.fill({reinterpret_cast<const char*>(data), size})) return 0;
  std::filesystem::permissions(tree.file(), std::filesystem::perms{0640});
  read_private_file(tree.text());
  std::optional<keytool::TsigKey> key;
  try {
    key = keytool::read_tsig_key(tree.file());
  } catch (const crypto::KeyFileError& error) {
    const std::string_view said = error.what();
    // What is in the file, or that it cannot be read: larger than it may be, for example.
    const std::string inside = "the TSIG key file " + tree.file().string() + " has ";
    const std::string before = said.starts_with(inside) ? inside : "the TSIG key file is not used: ";
    test::require(said.starts_with(before) && said.size() > before.size(), "a refusal has a reason");
    for (const char c : said.substr(before.size()))
      test::require(c >= ' ' && c < 0x7f, "a refusal is plain text");
    return 0;
  }
  test::require(key->name.ends_with('.') && key->algorithm.ends_with('.'), "names are absolute");
  test::require(!key->secret.empty() && key->secret.back() == '\0', "a secret ends with NUL, for ldns");
  const std::string secret(key->secret.begin(), std::prev(key->secret.end()));
  test::require(secret.find('\0') == std::string::npos && crypto::base64_decode(secret),
                "a secret is base64");
  require_signs(*key);
  // file_tree would take this for the path of a file elsewhere.
  if (secret.starts_with('/')) return 0;
  // Written as keymgr(8) does it, it reads the same.
  const auto written =
      "key \"" + key->name + "\" { algorithm " + key->algorithm + "; secret \"" + secret + "\"; };";
  test::require(tree.fill(written), "a written key is one file");
  std::filesystem::permissions(tree.file(), std::filesystem::perms{0640});
  const auto again = keytool::read_tsig_key(tree.file());
  test::require(again.name == key->name && again.algorithm == key->algorithm && again.secret == key->secret,
                "a key reads as it was written");
  return 0;
}
