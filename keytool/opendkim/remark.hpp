// What import reports to a person in addition to the keys. A text may contain anything from a file: the
// printer makes it safe (terminal_text).
//
// Values only; nothing fails.
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool::opendkim {

struct Remark {
  // In the order of printing. The first three are about mail, and come before everything else.
  enum class Kind {
    unsigned_mail,     // mail leaves unsigned that OpenDKIM signs, defers or refuses
    signed_otherwise,  // mail is signed that OpenDKIM leaves alone, or is signed in another way
    let_through,       // mail leaves unsigned that OpenDKIM defers, as its tables ask for: nothing is lost
    not_taken,         // something else is not taken over: a person must look at it
    note,              // good to know; nothing is lost
  };
  Kind kind = Kind::note;
  std::string place;  // FILE:LINE, a path, or empty
  std::string text;

  bool operator==(const Remark&) const = default;
};

using Remarks = std::vector<Remark>;

inline Remark unsigned_mail(std::string place, std::string text) {
  return {Remark::Kind::unsigned_mail, std::move(place), std::move(text)};
}
inline Remark signed_otherwise(std::string place, std::string text) {
  return {Remark::Kind::signed_otherwise, std::move(place), std::move(text)};
}
inline Remark let_through(std::string place, std::string text) {
  return {Remark::Kind::let_through, std::move(place), std::move(text)};
}
inline Remark not_taken(std::string place, std::string text) {
  return {Remark::Kind::not_taken, std::move(place), std::move(text)};
}
inline Remark note(std::string place, std::string text) {
  return {Remark::Kind::note, std::move(place), std::move(text)};
}

// Returns whether something is lost, so that a person has to act.
inline bool is_loss(const Remark& remark) {
  return remark.kind != Remark::Kind::let_through && remark.kind != Remark::Kind::note;
}

}  // namespace dkim::keytool::opendkim
