#include "keytool/opendkim/key_forms.hpp"

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

// A form, and the program that turns it into PEM. Where the text came on standard input, so it goes to the
// program; OpenSSL's programs and sed read it when no file is named.
struct Form {
  std::string_view what;
  std::string_view program;  // nothing: no program helps
  std::string_view input_option = "";
  std::string_view output_option = "";  // nothing: it writes to standard output
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
  const std::string what(form.what);
  const std::string program(form.program);
  if (origin == KeyOrigin::standard_input)
    return what + "; put this between: | " + program + " | dkimkey import --pem - ...";
  if (origin == KeyOrigin::table) return what + "; put it into a file and name that in the table";
  const std::string from = shell_word(path.string());
  const std::string to = shell_word(path.string() + ".pem");
  return what + "; convert it with: (umask 077; " + program + std::string(form.input_option) + " " + from +
         (form.output_option.empty() ? " > " : std::string(form.output_option) + " ") + to + ") and import " +
         to;
}

std::string openssh_advice(KeyOrigin origin, const std::filesystem::path& path) {
  const std::string what = "a key in OpenSSH's own form";
  if (origin != KeyOrigin::file) return what + "; put it into a file and import that, to be told more";
  const std::string to = shell_word(path.string() + ".pem");
  return what + "; convert it with: cp -p " + shell_word(path.string()) + " " + to +
         " && ssh-keygen -p -N '' -m PEM -f " + to + " and import " + to;
}

constexpr std::string_view is_public =
    "a public key, and it is the private one that signs: take the file that was made with it, often named "
    ".private or .key";

// OpenSSH puts the kind of the key in clear before the key itself, even where that is encrypted.
bool is_ed25519_of_openssh(std::string_view pem) {
  const auto begin = pem.find("KEY-----");
  const auto end = pem.find("-----END");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 8) return false;
  // Enough for the names of the ciphers and the public key; the private one comes later.
  auto head = canon::without_fws(pem.substr(begin + 8, end - begin - 8));
  head.resize(std::min<std::size_t>(head.size(), 128) / 4 * 4);
  const auto octets = crypto::base64_decode(head);
  if (!octets) return false;
  return std::string_view(reinterpret_cast<const char*>(octets->data()), octets->size())
             .find("ssh-ed25519") != std::string_view::npos;
}

// What DER holds; the parsers give nothing for what is another thing.
std::optional<std::string> form_of_der(const unsigned char* octets, std::size_t size, KeyOrigin origin,
                                       const std::filesystem::path& path) {
  const auto length = static_cast<long>(size);
  const auto parses = [&](auto parse, auto destroy) {
    const unsigned char* at = octets;
    const std::unique_ptr<std::remove_pointer_t<decltype(parse(nullptr, &at, length))>, decltype(destroy)>
        parsed(parse(nullptr, &at, length), destroy);
    ERR_clear_error();
    return parsed != nullptr;
  };
  if (parses(d2i_PUBKEY, EVP_PKEY_free)) return std::string(is_public);
  if (parses(d2i_X509, X509_free)) return "a certificate, which holds a public key: the private one signs";
  if (parses(d2i_AutoPrivateKey, EVP_PKEY_free)) return advice(der, origin, path);
  if (parses(d2i_PKCS12, PKCS12_free)) return advice(pkcs12, origin, path);
  if (parses(d2i_X509_SIG, X509_SIG_free)) {
    return advice({encrypted.what, der.program, der.input_option, der.output_option}, origin, path);
  }
  return std::nullopt;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<std::string> form_of_base64(std::string_view text, KeyOrigin origin,
                                          const std::filesystem::path& path) {
  std::string base64 = canon::without_fws(text);
  auto octets = crypto::base64_decode(base64);
  OPENSSL_cleanse(base64.data(), base64.size());
  if (!octets) return std::nullopt;
  auto form = form_of_der(octets->data(), octets->size(), origin, path);
  OPENSSL_cleanse(octets->data(), octets->size());
  // What is in base64 already is not DER in a file.
  if (form && form->starts_with("a key in DER")) return std::nullopt;
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
  if (has(text, "BEGIN CERTIFICATE")) return "a certificate, which holds a public key: the private one signs";
  if (has(text, "PUBLIC KEY-----") || text.starts_with("ssh-rsa ") || text.starts_with("ssh-ed25519 "))
    return std::string(is_public);
  if (has(text, "v=DKIM1") || has(text, "_domainkey"))
    return "the record, which holds the public key: the private one signs; take the file beside it, often "
           "named .private or .key";
  if (text.starts_with('\x30')) {
    if (auto form =
            form_of_der(reinterpret_cast<const unsigned char*>(text.data()), text.size(), origin, path))
      return form;
  }
  return form_of_base64(text, origin, path);
}

}  // namespace dkim::keytool::opendkim
