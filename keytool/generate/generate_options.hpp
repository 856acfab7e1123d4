// What dkimkey generate was asked for: its own options and opendkim-genkey's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

// What the command line says of the domain's records; nothing keeps what the domain has.
struct FlagChanges {
  std::optional<bool> subdomains;
  std::optional<bool> test;
  std::optional<bool> email_only;
  std::optional<std::string> hashes;
  std::optional<std::string> note;

  void apply_to(crypto::Manifest& manifest) const;
};

struct KeyRequest {
  canon::Selector selector;
  crypto::Algorithm algorithm = crypto::Algorithm::rsa;
};

struct GenerateRequest {
  std::vector<KeyRequest> keys;  // one, or two for --algorithm both
  std::optional<std::string> domain;
  // Of the RSA key. Where fit is given it decides, once the domain's flags are known.
  int bits = crypto::default_rsa_bits;
  std::optional<int> fit;
  bool activate = false;
  bool json = false;
  bool relative_names = false;
  bool verbose = false;
  FlagChanges flags;
};

void add_generate_options(CommandLine& command_line);

// Throws UsageError for what contradicts itself or is out of range.
GenerateRequest read_generate_request(const ParsedOptions& options);

}  // namespace dkim::keytool
