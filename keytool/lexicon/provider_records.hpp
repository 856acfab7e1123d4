// The TXT records at names of one zone, as a provider's API shows and changes them. lexicon(1) is behind it
// (keytool/lexicon/lexicon_provider), and in unit tests a provider with the habits that real ones have.
//
// Each call is one request of a person's kind, and may fail with a ProviderError. What an API lists is no
// proof of what the authoritative servers serve.
#pragma once

#include <string>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/keys/record_text.hpp"
#include "keytool/lexicon/listed_records.hpp"

namespace dkim::keytool {

enum class ProviderFault {
  no_program,      // lexicon, or the part of it for this provider, cannot be run
  unreachable,     // no connection, or no answer in time
  credentials,     // the API refuses them
  zone,            // the account does not have the zone
  busy,            // too many requests, or an error of the server's own
  not_understood,  // the answer has another form than lexicon expects
  refused          // anything else, such as a value that the API does not take
};

class ProviderError : public crypto::Error {
 public:
  ProviderError(ProviderFault fault, const std::string& what) : Error(what), fault_(fault) {}
  ProviderFault fault() const { return fault_; }

 private:
  ProviderFault fault_;
};

class ProviderRecords {
 public:
  ProviderRecords() = default;
  ProviderRecords(const ProviderRecords&) = delete;
  ProviderRecords& operator=(const ProviderRecords&) = delete;
  virtual ~ProviderRecords() = default;

  // Names have no final dot. The record's value is handed over as it is.
  virtual std::vector<ListedRecord> list(const std::string& name) = 0;
  virtual void create(const crypto::NamedRecord& record) = 0;
  virtual void update(const std::string& identifier, const crypto::NamedRecord& record) = 0;
  virtual void remove_identified(const std::string& name, const std::string& identifier) = 0;
  // Does nothing if the content cannot be named (is_argument).
  virtual void remove_with_content(const std::string& name, const std::string& content) = 0;
  virtual void remove_all(const std::string& name) = 0;
};

}  // namespace dkim::keytool
