// Finds a key's record under the names where people and web forms put it by mistake.
//
// The caller's function asks DNS; everything else is pure. At most a dozen names are tried.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {

struct MisplacedName {
  std::string name;
  std::string advice;
};

// Returns the names to try. Both arguments end with a dot; `zone` holds the record's name.
std::vector<MisplacedName> misplaced_names(const std::string& record_name, const std::string& zone);

// Returns the values of the TXT records at a name (which ends with a dot), each with its strings joined;
// empty if there are none or no answer came.
using AskTexts = std::function<std::vector<std::string>(const std::string& name)>;

// Says where the record is and what to enter instead; returns nothing if it is at none of these names, or if
// the expected record is a revoked one, without a key.
std::optional<std::string> find_misplaced(const crypto::KeyRecord& expected, const std::string& record_name,
                                          const std::string& zone, const AskTexts& ask);

}  // namespace dkim::keytool
