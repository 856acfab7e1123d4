// Translates amavisd's settings that are not about the choice of a key: whose mail is signed, and what the
// signatures look like. dkimsignd has one canonicalization and one expiration for all mail, amavisd one for
// each sender.
//
// Pure; never fails: what has no counterpart becomes a remark.
#pragma once

#include <optional>
#include <vector>

#include "crypto/keys/record_flags.hpp"
#include "keytool/opendkim/amavis_conf.hpp"
#include "keytool/opendkim/daemon_settings.hpp"

namespace dkim::keytool::opendkim {

// `used` are the options of each group of senders whose mail is signed.
DaemonSettings plan_amavis_settings(const AmavisConf& conf, const std::vector<AmavisOptions>& used);

// The record's tags that a call of dkim_key declares.
struct DeclaredRecord {
  std::optional<crypto::RecordFlags> flags;  // nothing if it declares none
  Remarks remarks;                           // on tags that cannot be taken
};
DeclaredRecord record_of_key(const AmavisKey& key);

}  // namespace dkim::keytool::opendkim
