// What import has to tell beside what it takes. Texts may hold anything that stood in a file: they are made
// safe (terminal_text) where they are printed.
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool::opendkim {

struct Remark {
  enum class Kind {
    not_taken,  // something that mattered there does not come over: a person must look at it
    note,       // good to know; nothing is lost
  };
  Kind kind = Kind::note;
  std::string place;  // FILE:LINE, a path, or empty
  std::string text;

  bool operator==(const Remark&) const = default;
};

using Remarks = std::vector<Remark>;

inline Remark not_taken(std::string place, std::string text) {
  return {Remark::Kind::not_taken, std::move(place), std::move(text)};
}
inline Remark note(std::string place, std::string text) {
  return {Remark::Kind::note, std::move(place), std::move(text)};
}

}  // namespace dkim::keytool::opendkim
