// The credentials of a DNS provider's API, as lexicon(1) takes them: variables of its environment, from a
// file in the form of systemd's EnvironmentFile. They leave this process in nothing but that environment.
//
// A file that cannot be used is a crypto::KeyFileError. Its text names the file, a line and a variable, and
// never a value.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "crypto/secret.hpp"
#include "keytool/system/program.hpp"

namespace dkim::keytool {

class ProviderCredentials {
 public:
  // Reads the file, which must belong to root or to the user who runs this, and which others must not be able
  // to read (crypto/trusted_path). A line is NAME=value, NAME="value" or NAME='value', empty, or a comment
  // after # or ;. The names begin with LEXICON_PROVIDER_ for the given provider; the variables of a proxy and
  // of a file with certificates are allowed as well.
  static ProviderCredentials read(const std::filesystem::path& file, std::string_view provider);

  // Parses the text of such a file. Throws with the line, without the file's name.
  static ProviderCredentials parse(std::string_view text, std::string_view provider);

  const ProgramEnvironment& variables() const { return variables_; }

  // Returns the text with "[hidden]" in place of each value, also where the value is written as a URL, in
  // Python, in JSON or in base64 writes it. Values of fewer than four bytes
  // and URLs without a user or a query are no secrets, and stay.
  std::string hide_in(std::string text) const;

 private:
  ProgramEnvironment variables_;
  std::vector<crypto::Secret> values_;
};

}  // namespace dkim::keytool
