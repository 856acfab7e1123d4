// Checks a plan, whatever it was made from, for the fuzz targets of import.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/error.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/report.hpp"
#include "milter/config.hpp"
#include "tests/fuzz/require.hpp"

namespace dkim::test {

class FuzzedFiles final : public keytool::opendkim::Sources {
 public:
  std::map<std::string, std::string> files;

  // The Ed25519 key of RFC 8032 §7.1, test 1.
  FuzzedFiles() { files["/k"] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="; }

  std::string read_text(const std::filesystem::path& path) override {
    const auto file = files.find(path.string());
    if (file == files.end()) throw crypto::StoreError(path.string() + " does not exist");
    return file->second;
  }
  keytool::opendkim::KeyFile read_key(const std::filesystem::path& path) override {
    const auto text = read_text(path);
    return {{text.begin(), text.end()}, 0600, {}};
  }
  std::vector<std::string> names_in(const std::filesystem::path&) override {
    return {"a.example", "b.pem", "k"};
  }
  Entry entry_at(const std::filesystem::path& path) override {
    if (files.find(path.string()) != files.end()) return Entry::file;
    const auto inside = (path / "").string();
    const auto next = files.lower_bound(inside);
    if (next != files.end() && next->first.starts_with(inside)) return Entry::directory;
    return path.filename() == "a.example" ? Entry::directory : Entry::none;
  }
};

// Plans an import by make(sources, keys in the store). Requires that the daemon accepts the configuration and
// that the report is safe to show.
template <typename Make>
void plan_and_judge(FuzzedFiles& files, Make make) {
  std::optional<keytool::opendkim::ImportPlan> made;
  try {
    made = make(files, [](const canon::DomainName&) { return std::vector<canon::Selector>{}; });
  } catch (const crypto::StoreError& error) {
    require(*error.what() != '\0', "a refusal has words");
    return;
  }
  const auto& plan = *made;
  const auto text = keytool::opendkim::conf_text(plan, std::nullopt);
  const auto config = milter::parse_config(text, "written");
  require(config.signing.rules.size() == plan.rules.size(), "every rule is written");
  require(config.signing.also_sign.size() == plan.also_sign.size(), "every second signature is written");
  require(config.trusted_networks.size() == plan.settings.trusted_networks.size(),
          "every network is written");
  for (const auto& [name, key] : plan.keys)
    require(plan.subdomains.find(name.domain) != plan.subdomains.end(), "each domain has its flag");
  const auto shown = keytool::opendkim::remarks_text(plan.remarks);
  require(std::none_of(shown.begin(), shown.end(),
                       [](char c) { return (c != '\n' && c >= 0 && c < 0x20) || c == 0x7f; }),
          "nothing acts on a terminal");
  // An input may contain the key, because libFuzzer learns which texts are compared.
  const auto has_key = [](const std::string& octets) {
    return octets.find("/9WmC6hEr0kuwsxERJxWl7") != std::string::npos;
  };
  const bool given = std::any_of(files.files.begin(), files.files.end(), [&](const auto& file) {
    return file.first != "/k" && has_key(file.second);
  });
  require(given || (!has_key(shown) && !has_key(text)), "no private key is shown");
}

// Plans an import of "/c", an opendkim.conf.
inline void plan_and_judge(FuzzedFiles& files) {
  plan_and_judge(files, [](auto& sources, const auto& in_store) {
    return keytool::opendkim::plan_import("/c", sources, in_store);
  });
}

// Cuts an input at bytes 0xff into so many pieces; the last ones may be empty.
inline std::vector<std::string> pieces(const std::uint8_t* data, std::size_t size, std::size_t count) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> out;
  while (out.size() < count) {
    const auto end = std::min(rest.find('\xff'), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace dkim::test
