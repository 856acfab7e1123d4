// Reads what a configuration of amavisd says about signing: its calls of dkim_key, the lists that set options
// by sender, @mynetworks, %signed_header_fields and a few switches. The rest of the file is skipped.
//
// The files are in Perl, and nothing in them is run: only statements whose values stand there as texts,
// numbers or known variables are read. A statement about signing that is more than this becomes a remark with
// its line. So does one inside of a block, since nobody knows whether Perl runs that.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/amavis_tables.hpp"
#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

// A call of dkim_key.
struct AmavisKey {
  std::string domain;
  std::string selector;
  std::string file;
  AmavisOptions options;  // tags of the record: t, s, h, n
  std::string place;
};

struct AmavisConf {
  std::vector<AmavisKey> keys;
  std::vector<AmavisTable> tables;                 // @dkim_signature_options_bysender_maps
  std::optional<std::vector<DataEntry>> networks;  // @mynetworks
  // Elements of %signed_header_fields, with their lines.
  std::map<std::string, AmavisOption> signed_fields;
  // Simple variables that matter, "$originating", if the files set them.
  std::map<std::string, AmavisOption> switches;
  Remarks remarks;
};

// Reads a file and what it includes, or the files of a directory such as /etc/amavis/conf.d in the order in
// which amavisd reads them. Throws StoreError if there is none that can be read.
AmavisConf read_amavis_conf(const std::filesystem::path& path, Sources& sources);

// Returns the first of the places where packages put amavisd's configuration that exists.
std::optional<std::filesystem::path> usual_amavis_conf(Sources& sources);

}  // namespace dkim::keytool::opendkim
