// Reads what dkimkey generate is asked for: its own options and those of opendkim-genkey.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

// What the command line says about all records of the domain; a member without a value changes nothing.
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

// The size of the RSA key. If fit is given it decides, once the domain's flags are known.
struct SizeRequest {
  int bits = crypto::default_rsa_bits;
  std::optional<int> fit;  // the largest record, in bytes
};

struct GenerateRequest {
  std::vector<KeyRequest> keys;  // one, or two for --algorithm both
  std::optional<std::string> domain;
  SizeRequest size;
  bool activate = false;
  bool json = false;
  bool relative_names = false;
  bool verbose = false;
  FlagChanges flags;
};

void add_generate_options(CommandLine& command_line);

// Throws UsageError if options contradict each other or are out of range.
GenerateRequest read_generate_request(const ParsedOptions& options);

}  // namespace dkim::keytool
