#include "keytool/opendkim/key_forms.hpp"

#include <fmt/format.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

// A form, and the program that converts it to PEM. Text from standard input goes to the program in the same
// way: OpenSSL's programs and sed read it if no file is named.
struct Form {
  std::string_view what;
  std::string_view program;
  std::string_view input_option = "";
  std::string_view output_option = "";  // empty: it writes to standard output
};

constexpr Form encrypted{"an encrypted key, and the daemon has no pass phrase for it", "openssl pkey", " -in",
                         " -out"};
constexpr Form der{"a key in DER, and not in PEM", "openssl pkey -inform DER", " -in", " -out"};
constexpr Form pkcs12{"a PKCS#12 file, not a key in PEM", "openssl pkcs12 -nodes -nocerts", " -in", " -out"};
constexpr Form escaped{"a key whose line ends are written as \\n, as JSON and the environment have them",
                       R"(sed 's/\\r//g; s/\\n/\n/g; s/"//g')"};
constexpr Form one_line{"a key in PEM that has lost its line ends", "sed 's/-----[A-Z ]*-----//g'"};
constexpr Form utf16{"a text in UTF-16", "iconv -f UTF-16 -t UTF-8"};

std::string advice(const Form& form, KeyOrigin origin, const std::filesystem::path& path) {
  if (origin == KeyOrigin::standard_input)
    return fmt::format("{}; put this between: | {} | dkimkey import --pem - ...", form.what, form.program);
  if (origin == KeyOrigin::table)
    return fmt::format("{}; put it into a file and name that in the table", form.what);
  const std::string from = shell_word(path.string());
  const std::string to = shell_word(path.string() + ".pem");
  return fmt::format("{}; convert it with: (umask 077; {}{} {}{} {}) and import {}", form.what, form.program,
                     form.input_option, from, form.output_option.empty() ? " >" : form.output_option, to, to);
}

std::string openssh_advice(KeyOrigin origin, const std::filesystem::path& path) {
  if (origin != KeyOrigin::file)
    return "a key in OpenSSH's own form; put it into a file and import that, to learn more";
  const std::string to = shell_word(path.string() + ".pem");
  return fmt::format(
      "a key in OpenSSH's own form; convert it with: cp -p {} {} && ssh-keygen -p -N '' -m PEM -f {} and "
      "import {}",
      shell_word(path.string()), to, to, to);
}

constexpr std::string_view is_public =
    "a public key, and it is the private one that signs: take the file that was made with it, often named "
    ".private or .key";
constexpr std::string_view is_certificate = "a certificate, which holds a public key: the private one signs";

// OpenSSH names the kind of the key in clear before the key itself, even if that is encrypted.
bool is_ed25519_of_openssh(std::string_view pem) {
  const auto begin = pem.find("KEY-----");
  const auto end = pem.find("-----END");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 8) return false;
  // Enough for the names of the ciphers and the public key; the private one comes later.
  auto head = canon::without_fws(pem.substr(begin + 8, end - begin - 8));
  head.resize(std::min<std::size_t>(head.size(), 128) / 4 * 4);
  const auto bytes = crypto::base64_decode(head);
  if (!bytes) return false;
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()).find("ssh-ed25519") !=
         std::string_view::npos;
}

enum class DerForm { public_key, certificate, private_key, container, encrypted_key };

// Recognizes what DER contains, by the parser that accepts it.
std::optional<DerForm> form_of_der(const unsigned char* bytes, std::size_t size) {
  const auto length = static_cast<long>(size);
  const auto parses = [&](auto parse, auto destroy) {
    const unsigned char* at = bytes;
    const std::unique_ptr<std::remove_pointer_t<decltype(parse(nullptr, &at, length))>, decltype(destroy)>
        parsed(parse(nullptr, &at, length), destroy);
    ERR_clear_error();
    return parsed != nullptr;
  };
  if (parses(d2i_PUBKEY, EVP_PKEY_free)) return DerForm::public_key;
  if (parses(d2i_X509, X509_free)) return DerForm::certificate;
  if (parses(d2i_AutoPrivateKey, EVP_PKEY_free)) return DerForm::private_key;
  if (parses(d2i_PKCS12, PKCS12_free)) return DerForm::container;
  if (parses(d2i_X509_SIG, X509_SIG_free)) return DerForm::encrypted_key;
  return std::nullopt;
}

std::string advice_on(DerForm form, KeyOrigin origin, const std::filesystem::path& path) {
  switch (form) {
    case DerForm::public_key:
      return std::string(is_public);
    case DerForm::certificate:
      return std::string(is_certificate);
    case DerForm::private_key:
      return advice(der, origin, path);
    case DerForm::container:
      return advice(pkcs12, origin, path);
    case DerForm::encrypted_key:
      break;
  }
  return advice({encrypted.what, der.program, der.input_option, der.output_option}, origin, path);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<DerForm> form_of_base64(std::string_view text) {
  std::string base64 = canon::without_fws(text);
  auto bytes = crypto::base64_decode(base64);
  OPENSSL_cleanse(base64.data(), base64.size());
  if (!bytes) return std::nullopt;
  const auto form = form_of_der(bytes->data(), bytes->size());
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return form;
}

}  // namespace

std::optional<std::string> foreign_form(const crypto::Secret& content, KeyOrigin origin,
                                        const std::filesystem::path& path) {
  const auto text = crypto::view(content);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return advice(utf16, origin, path);
  if (has(text, "-----BEGIN ") && has(text, "\\n")) return advice(escaped, origin, path);
  if (has(text, "OPENSSH PRIVATE KEY-----")) {
    if (!is_ed25519_of_openssh(text)) return openssh_advice(origin, path);
    return "an Ed25519 key in OpenSSH's own form, which its own tools do not convert; make another with: "
           "dkimkey generate --algorithm ed25519";
  }
  if (has(text, "ENCRYPTED")) return advice(encrypted, origin, path);
  if (has(text, "PRIVATE KEY-----") && !has(text, "\n-----END")) return advice(one_line, origin, path);
  if (has(text, "PRIVATE KEY-----")) return std::nullopt;
  if (has(text, "BEGIN CERTIFICATE")) return std::string(is_certificate);
  if (has(text, "PUBLIC KEY-----") || text.starts_with("ssh-rsa ") || text.starts_with("ssh-ed25519 "))
    return std::string(is_public);
  if (has(text, "v=DKIM1") || has(text, "_domainkey"))
    return "the record, which holds the public key: the private one signs; take the file beside it, often "
           "named .private or .key";
  if (text.starts_with('\x30')) {
    if (const auto form = form_of_der(reinterpret_cast<const unsigned char*>(text.data()), text.size()))
      return advice_on(*form, origin, path);
  }
  const auto form = form_of_base64(text);
  // The advice for DER is for a file in DER, not for base64.
  if (!form || *form == DerForm::private_key) return std::nullopt;
  return advice_on(*form, origin, path);
}

}  // namespace dkim::keytool::opendkim
