// A provider's records by lexicon(1), which speaks the APIs of some eighty providers.
//
// It is run without a shell, with the credentials in its environment only, and with nothing else of ours. It
// finds its own configuration nowhere. What it prints is quoted in errors, without the credentials, bounded
// and without control characters.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/lexicon/provider_credentials.hpp"
#include "keytool/lexicon/provider_records.hpp"

namespace dkim::keytool {

class LexiconProvider final : public ProviderRecords {
 public:
  // at_most: for all calls together. Reads the credentials; throws crypto::KeyFileError, or crypto::Error if
  // others could change the program.
  LexiconProvider(const crypto::PublishSettings& settings, canon::DomainName zone,
                  std::chrono::seconds at_most);

  std::vector<ListedRecord> list(const std::string& name) override;
  void create(const crypto::NamedRecord& record) override;
  void update(const std::string& identifier, const crypto::NamedRecord& record) override;
  void remove_identified(const std::string& name, const std::string& identifier) override;
  void remove_with_content(const std::string& name, const std::string& content) override;
  void remove_all(const std::string& name) override;

 private:
  using Options = std::vector<std::string>;
  // Returns what lexicon printed. Throws ProviderError.
  std::string call(std::string_view action, const Options& options);
  std::chrono::seconds left() const;

  const crypto::PublishSettings settings_;
  const canon::DomainName zone_;
  const ProviderCredentials credentials_;
  const ProgramEnvironment environment_;
  const std::chrono::seconds at_most_;
  const std::chrono::steady_clock::time_point deadline_;
};

}  // namespace dkim::keytool
