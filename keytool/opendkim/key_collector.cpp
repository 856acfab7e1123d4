#include "keytool/opendkim/key_collector.hpp"

#include <sys/stat.h>

#include "crypto/error.hpp"
#include "keytool/opendkim/key_material.hpp"

namespace dkim::keytool::opendkim {

std::optional<KeyName> KeyCollector::name_of(const std::string& domain, const std::string& selector,
                                             const std::string& place) {
  auto parsed_domain = canon::DomainName::parse(domain);
  if (!parsed_domain) {
    remarks_.push_back(not_taken(place, "the domain " + domain + " is " + parsed_domain.refusal().reason));
    return std::nullopt;
  }
  auto parsed_selector = canon::Selector::parse(selector);
  if (!parsed_selector) {
    remarks_.push_back(
        not_taken(place, "the selector " + selector + " is " + parsed_selector.refusal().reason));
    return std::nullopt;
  }
  return KeyName{*std::move(parsed_domain), *std::move(parsed_selector)};
}

const KeyCollector::Loaded& KeyCollector::load_file(const std::filesystem::path& path) {
  const auto [entry, added] = files_.try_emplace(path);
  Loaded& loaded = entry->second;
  if (!added) return loaded;
  try {
    const auto file = sources_.read_key(path);
    loaded.key = {std::make_shared<const crypto::PrivateKey>(read_key_material(file.content)), path.string(),
                  file.modified};
    if ((file.mode & (S_IRWXO | S_IWGRP)) != 0) {
      remarks_.push_back(note(path.string(),
                              "this private key is open to others or writable by its group; ours is not, but "
                              "who has read it may sign with it"));
    }
  } catch (const crypto::KeyFileError& error) {
    loaded.problem = path.string() + " is " + error.what();
  } catch (const crypto::StoreError& error) {
    loaded.problem = error.what();
  }
  return loaded;
}

std::optional<KeyName> KeyCollector::take_file(const std::string& domain, const std::string& selector,
                                               const std::filesystem::path& path, const std::string& place) {
  auto name = name_of(domain, selector, place);
  if (name) take(*name, load_file(path), place);
  return name;
}

std::optional<KeyName> KeyCollector::take_text(const std::string& domain, const std::string& selector,
                                               const std::string& text, const std::string& place) {
  auto name = name_of(domain, selector, place);
  if (!name) return name;
  Loaded loaded;
  try {
    const crypto::Secret content(text.begin(), text.end());
    loaded.key = {std::make_shared<const crypto::PrivateKey>(read_key_material(content)), place, {}};
  } catch (const crypto::KeyFileError& error) {
    loaded.problem = std::string("what stands there for a key is ") + error.what();
  }
  take(*name, loaded, place);
  return name;
}

void KeyCollector::take(const KeyName& name, const Loaded& loaded, const std::string& place) {
  const std::string of = "key " + name.selector.str() + " of " + name.domain.str();
  if (!loaded.problem.empty()) {
    // Once, however many lines name it.
    if (!failed_.insert(name).second) return;
    remarks_.push_back(not_taken(place, of + ": " + loaded.problem));
    return;
  }
  const auto [known, added] = keys_.try_emplace(name, loaded.key);
  // To write out a public key takes longer than all the rest; most lines name the same file.
  if (!added && known->second.key != loaded.key.key &&
      known->second.key->public_key() != loaded.key.key->public_key()) {
    remarks_.push_back(not_taken(place, of + ": " + loaded.key.source + " is another key than " +
                                            known->second.source + ", and a selector has one"));
  }
}

}  // namespace dkim::keytool::opendkim
