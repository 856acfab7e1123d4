// Finds a key's record under the names at which people and web forms put it by mistake.
//
// Pure but for the question, which the caller asks of a server or a resolver. Bounded: a dozen names.
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

// The names to look at. Both arguments end with a dot; zone is the one that the record's name lies in.
std::vector<MisplacedName> misplaced_names(const std::string& record_name, const std::string& zone);

// The values of the TXT records at a name (which ends with a dot), each with its strings joined; none where
// there are none or no answer was had.
using AskTexts = std::function<std::vector<std::string>(const std::string& name)>;

// Says where the record is and what to enter instead; nothing if it is at none of these names. A record
// without a key (a revoked one) is not looked for.
std::optional<std::string> find_misplaced(const crypto::KeyRecord& expected, const std::string& record_name,
                                          const std::string& zone, const AskTexts& ask);

}  // namespace dkim::keytool
