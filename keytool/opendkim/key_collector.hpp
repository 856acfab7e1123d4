// The keys that an import takes: each loaded once, however many domains sign with it, and checked.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/opendkim/key_forms.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

// What a signature names: d= and s=.
struct KeyName {
  canon::DomainName domain;
  canon::Selector selector;

  auto operator<=>(const KeyName&) const = default;
};

struct FoundKey {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::string source;                       // the path, or the line that holds it
  std::optional<crypto::UtcTime> modified;  // of its file
};

class KeyCollector {
 public:
  // loss: what it means that a key cannot be used.
  explicit KeyCollector(Sources& sources, Remark::Kind loss = Remark::Kind::not_taken)
      : sources_(sources), loss_(loss) {}

  // Takes the key for this domain and selector. A key that cannot be used is a remark, and its name the
  // answer all the same: mail that it would sign is not to be signed by another. Nothing if domain or
  // selector are none.
  // hint: of a path that may be another than was meant, told where there is no such file.
  std::optional<KeyName> take_file(const std::string& domain, const std::string& selector,
                                   const std::filesystem::path& path, const std::string& place,
                                   const std::string& hint = {});
  // The key stands in the line itself.
  std::optional<KeyName> take_text(const std::string& domain, const std::string& selector,
                                   const std::string& text, const std::string& place);
  // The key came on standard input.
  std::optional<KeyName> take_input(const std::string& domain, const std::string& selector,
                                    const crypto::Secret& content);

  const std::map<KeyName, FoundKey>& keys() const { return keys_; }
  // Was it wanted, and could not be used?
  bool has_failed(const KeyName& name) const { return failed_.find(name) != failed_.end(); }
  const std::set<KeyName>& failed() const { return failed_; }
  Remarks& remarks() { return remarks_; }

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
