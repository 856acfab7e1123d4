// Remembers what a person was told, from one run to the next. Values, and their text in a file: a line for
// each concern, and nothing that is secret.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/error.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/notify/concern.hpp"

namespace dkim::keytool {

struct Note {
  // Since when the concern has been seen without a break.
  crypto::UtcTime since;
  // When the last mail said so.
  std::optional<crypto::UtcTime> told = {};
  // When it was over. Kept for a while: what comes and goes is not new each time.
  std::optional<crypto::UtcTime> done = {};

  // Whether a person knows of it and it is still to be done.
  bool is_open() const { return told && !done; }
  bool operator==(const Note&) const = default;
};

struct Notebook {
  std::string recipient;
  std::map<ConcernId, Note> notes;

  bool operator==(const Notebook&) const = default;
};

// The text is that of a later version of dkimkey, which may have said more than this one can read.
class LaterNotebook : public crypto::Error {
 public:
  using Error::Error;
};

// The text is not a whole notebook.
class DamagedNotebook : public crypto::Error {
 public:
  using Error::Error;
};

std::string write_notebook(const Notebook& notebook);
// Throws LaterNotebook or DamagedNotebook.
Notebook parse_notebook(std::string_view text);

}  // namespace dkim::keytool
