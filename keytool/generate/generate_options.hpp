// Reads what dkimkey generate is asked for: its own options and those of opendkim-genkey.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

// Changes to the flags of all records of the domain. A member without a value changes nothing.
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

  bool operator==(const KeyRequest&) const = default;
};

// The size of the RSA key. If fit is given it decides, once the domain's flags are known.
struct SizeRequest {
  int bits = crypto::default_rsa_bits;
  std::optional<int> fit;  // the largest record, in bytes
};

// Slots that the domain is to have for an algorithm.
struct SlotRequest {
  crypto::Algorithm algorithm = crypto::Algorithm::rsa;
  std::vector<canon::Selector> selectors;  // two or more
};

struct GenerateRequest {
  std::vector<KeyRequest> keys;  // one, or two for --algorithm both; without slots
  std::vector<SlotRequest> slots;
  bool no_slots = false;  // go back to ordinary selectors
  std::optional<std::string> domain;
  SizeRequest size;
  bool activate = false;
  bool json = false;
  bool relative_names = false;
  bool verbose = false;
  FlagChanges flags;
};

// Adds the options and what --help says about them.
void add_generate_options(CommandLine& command_line);

// Returns what the options ask for. Throws UsageError if they contradict each other or are out of range.
GenerateRequest read_generate_request(const ParsedOptions& options);

}  // namespace dkim::keytool
