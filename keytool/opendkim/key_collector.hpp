// Collects the keys that an import takes over. Loads and checks each once, however many domains sign with it.
// A key that cannot be used becomes a remark.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/opendkim/key_forms.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

// Domain and selector, as a signature names them in d= and s=.
struct KeyName {
  canon::DomainName domain;
  canon::Selector selector;

  auto operator<=>(const KeyName&) const = default;
};

struct FoundKey {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::string source;                       // its path, or the line that contains it
  std::optional<crypto::UtcTime> modified;  // when its file was
};

// Whether an imported domain signs for its subdomains.
struct Subdomains {
  bool sign = false;
};

class KeyCollector {
 public:
  // `loss` is the kind of the remarks on keys that cannot be used.
  explicit KeyCollector(Sources& sources, Remark::Kind loss = Remark::Kind::not_taken)
      : sources_(sources), loss_(loss) {}

  // Takes the key for this domain and selector. Returns its name even if the key cannot be used: another key
  // must not sign that mail. Returns nothing if the domain or selector is invalid. `hint` (see LocatedPath)
  // is added if the key cannot be loaded.
  std::optional<KeyName> take_file(const std::string& domain, const std::string& selector,
                                   const std::filesystem::path& path, const std::string& place,
                                   const std::string& hint = {});
  // Takes a key from the text of a line.
  std::optional<KeyName> take_text(const std::string& domain, const std::string& selector,
                                   const std::string& text, const std::string& place);
  // Takes a key that came on standard input.
  std::optional<KeyName> take_input(const std::string& domain, const std::string& selector,
                                    const crypto::Secret& content);

  const std::map<KeyName, FoundKey>& keys() const { return keys_; }
  // Returns whether the key was asked for but could not be used.
  bool has_failed(const KeyName& name) const { return failed_.find(name) != failed_.end(); }
  const std::set<KeyName>& failed() const { return failed_; }

  // Adds what the caller has to say about the keys' files and names, in order with the collector's own
  // remarks.
  void add_remark(Remark remark) { remarks_.push_back(std::move(remark)); }
  const Remarks& remarks() const { return remarks_; }

 private:
  struct Loaded {
    FoundKey key;
    std::string problem;  // why there is none
  };
  void lose(const std::string& place, const std::string& text);
  std::optional<KeyName> name_of(const std::string& domain, const std::string& selector,
                                 const std::string& place);
  void take(const KeyName& name, const Loaded& loaded, const std::string& place);
  static Loaded load(const crypto::Secret& content, const std::string& source, KeyOrigin origin);
  const Loaded& load_file(const std::filesystem::path& path);

  Sources& sources_;
  const Remark::Kind loss_;
  std::map<std::filesystem::path, Loaded> files_;
  std::map<KeyName, FoundKey> keys_;
  std::set<KeyName> failed_;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
