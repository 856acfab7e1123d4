#include "keytool/opendkim/key_collector.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include "canon/typed_names.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/key_material.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {

void KeyCollector::lose(const std::string& place, const std::string& text) {
  remarks_.push_back({loss_, place, text});
}

std::optional<KeyName> KeyCollector::name_of(const std::string& domain, const std::string& selector,
                                             const std::string& place) {
  auto parsed_domain = canon::parse_typed_domain(domain);
  if (!parsed_domain) {
    lose(place, fmt::format("the domain {} is {}", shown_word(domain), parsed_domain.refusal().reason));
    return std::nullopt;
  }
  auto parsed_selector = canon::parse_typed_selector(selector);
  if (!parsed_selector) {
    lose(place, fmt::format("the selector {} is {}", shown_word(selector), parsed_selector.refusal().reason));
    return std::nullopt;
  }
  return KeyName{*std::move(parsed_domain), *std::move(parsed_selector)};
}

KeyCollector::Loaded KeyCollector::load(const crypto::Secret& content, const std::string& source,
                                        KeyOrigin origin) {
  Loaded loaded;
  try {
    loaded.key = {std::make_shared<const crypto::PrivateKey>(read_key_material(content)), source, {}};
  } catch (const crypto::KeyFileError& error) {
    loaded.problem =
        fmt::format("{} is {}", origin == KeyOrigin::table ? "what the line has as a key" : source,
                    foreign_form(content, origin, source).value_or(error.what()));
  }
  return loaded;
}

const KeyCollector::Loaded& KeyCollector::load_file(const std::filesystem::path& path) {
  const auto [entry, added] = files_.try_emplace(path);
  Loaded& loaded = entry->second;
  if (!added) return loaded;
  try {
    const auto file = sources_.read_key(path);
    loaded = load(file.content, path.string(), KeyOrigin::file);
    loaded.key.modified = file.modified;
    if (loaded.problem.empty() && (file.mode & (S_IRWXO | S_IWGRP)) != 0) {
      remarks_.push_back(note(path.string(),
                              "this private key is open to others or writable by its group; our copy is not, "
                              "but whoever has read it can sign with it"));
    }
  } catch (const crypto::StoreError& error) {
    loaded.problem = error.what();
  }
  return loaded;
}

std::optional<KeyName> KeyCollector::take_file(const std::string& domain, const std::string& selector,
                                               const std::filesystem::path& path, const std::string& place,
                                               const std::string& hint) {
  auto name = name_of(domain, selector, place);
  if (!name) return name;
  const auto& loaded = load_file(path);
  if (loaded.problem.empty() || hint.empty()) {
    take(*name, loaded, place);
  } else {
    take(*name, {loaded.key, loaded.problem + hint}, place);
  }
  return name;
}

std::optional<KeyName> KeyCollector::take_text(const std::string& domain, const std::string& selector,
                                               const std::string& text, const std::string& place) {
  auto name = name_of(domain, selector, place);
  if (name) take(*name, load({text.begin(), text.end()}, place, KeyOrigin::table), place);
  return name;
}

std::optional<KeyName> KeyCollector::take_input(const std::string& domain, const std::string& selector,
                                                const crypto::Secret& content) {
  const std::string place = "standard input";
  auto name = name_of(domain, selector, place);
  if (name) take(*name, load(content, place, KeyOrigin::standard_input), place);
  return name;
}

void KeyCollector::take(const KeyName& name, const Loaded& loaded, const std::string& place) {
  const std::string of = fmt::format("key {} of {}", name.selector.str(), name.domain.str());
  if (!loaded.problem.empty()) {
    // One remark, however many lines name the key.
    if (!failed_.insert(name).second) return;
    lose(place, fmt::format("{}: {}", of, loaded.problem));
    return;
  }
  const auto [known, added] = keys_.try_emplace(name, loaded.key);
  // Writing out a public key takes longer than all the rest, and most lines name the same file.
  if (!added && known->second.key != loaded.key.key &&
      known->second.key->public_key() != loaded.key.key->public_key()) {
    remarks_.push_back(
        signed_otherwise(place, fmt::format("{}: {} is another key than {}, and a selector has only one", of,
                                            loaded.key.source, known->second.source)));
  }
}

}  // namespace dkim::keytool::opendkim
