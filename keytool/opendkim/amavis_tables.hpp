// Reads the hashes of @dkim_signature_options_bysender_maps: options of signatures by sender.
//
// An entry that is more than texts, numbers and known variables becomes a remark, and the others are read all
// the same.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "keytool/opendkim/perl_reader.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

// One value of an option, with its line.
struct AmavisOption {
  std::string value;
  std::string place;

  bool operator==(const AmavisOption&) const = default;
};
// By name: c, d, ttl.
using AmavisOptions = std::map<std::string, AmavisOption>;
// By sender: an address, a domain, ".domain" for it and those below it, or "." for everybody.
using AmavisTable = std::map<std::string, AmavisOptions>;

class AmavisTables {
 public:
  // Both must outlive the object. `file` is the name of the file for remarks.
  AmavisTables(PerlReader& reader, std::string file) : reader_(reader), file_(std::move(file)) {}

  // Reads "{ 'sender' => { c => '...' }, ... }". Throws NotUnderstood if the hash has no end. Returns an
  // empty table, with a remark, if something else stands there.
  AmavisTable table();
  // Reads "name => value". Throws NotUnderstood.
  AmavisOptions::value_type option();

  const Remarks& remarks() const { return remarks_; }

 private:
  void entry(AmavisTable& table);
  void refuse(std::size_t depth, const std::string& what);

  PerlReader& reader_;
  const std::string file_;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
