// Holds one connection to a fleet's database, for the tests of keytool/fleet.
// usage: fleet_probe FLEET.CONF < lines of "COMMAND [ARGUMENT...]"
// Answers each line with one: "ok ...", or "error KIND MESSAGE". A connection is made for the first command,
// and again after "close".
#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "canon/printable.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/schema.hpp"

using namespace dkim;
using namespace dkim::keytool::fleet;

namespace {

std::string_view word_of(DatabaseError::Kind kind) {
  switch (kind) {
    case DatabaseError::Kind::unreachable:
      return "unreachable";
    case DatabaseError::Kind::busy:
      return "busy";
    case DatabaseError::Kind::refused:
      return "refused";
    case DatabaseError::Kind::unknown:
      return "unknown";
  }
  return "";
}

class Probe {
 public:
  explicit Probe(FleetSettings settings) : settings_(std::move(settings)) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    const auto found = commands_.find(command);
    if (found == commands_.end()) return "error usage " + command;
    try {
      return "ok " + found->second(words);
    } catch (const DatabaseError& error) {
      return fmt::format("error {} {}", word_of(error.kind()), error.what());
    } catch (const std::exception& error) {
      return fmt::format("error other {}", error.what());
    }
  }

 private:
  using Words = std::istringstream;

  FleetDatabase& database() {
    if (!database_) database_ = std::make_unique<FleetDatabase>(settings_);
    return *database_;
  }

  static std::string word(Words& words) {
    std::string word;
    words >> word;
    return word;
  }

  static std::string rest(Words& words) {
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  static std::int64_t number(Words& words) { return std::stoll(word(words)); }
  static canon::DomainName domain(Words& words) { return *canon::DomainName::parse(word(words)); }

  std::string sql(Words& words) {
    const auto rows = database().connection().run(rest(words));
    std::string said;
    for (int row = 0; row < rows.size(); ++row)
      said += (said.empty() ? "" : " ") + rows.text(row, 0);
    return said;
  }

  // More steps than the program's own may follow, separated by semicolons.
  std::string schema(Words& words) {
    auto& connection = database().connection();
    std::istringstream more(rest(words));
    std::vector<std::string> steps(static_cast<std::size_t>(schema_format()));
    for (std::string step; std::getline(more, step, ';');)
      steps.push_back(step);
    const bool has_more = steps.size() > static_cast<std::size_t>(schema_format());
    const auto change = has_more ? make_schema(connection, steps) : make_schema(connection);
    if (change == SchemaChange::none) return "none";
    return change == SchemaChange::made ? "made" : "migrated";
  }

  std::string state(Words&) {
    const auto state = database().state();
    std::string said = fmt::format("{} {}", state.identity, state.sequence);
    for (const auto& [key, fingerprint] : state.sealing_keys)
      said += fmt::format(" {}:{}", key, canon::printable_word(fingerprint));
    return said;
  }

  std::string put(Words& words) {
    const auto name = domain(words);
    const auto change = database().put_domain(name, rest(words), {});
    return fmt::format("{} {}", change.sequence, change.mark);
  }

  // Each domain as NAME:SEQUENCE:BYTES:KEYS.
  std::string changed(Words& words) {
    const auto after = number(words);
    std::string said;
    for (const auto& row : database().changed_since(after, static_cast<int>(number(words)))) {
      said += fmt::format("{}{}:{}:{}:{}", said.empty() ? "" : " ", canon::printable_word(row.domain),
                          row.sequence, row.manifest.size(), row.keys.size());
      for (const auto& key : row.keys)
        said += fmt::format(",{}/{}", canon::printable_word(key.selector), key.sealed.sealed.size());
    }
    return said;
  }

  std::string behind(Words& words) {
    std::string said;
    for (const auto& signer : database().behind(domain(words))) {
      said += fmt::format("{}{}{}{}", said.empty() ? "" : " ", canon::printable_word(signer.host),
                          signer.left ? ":left" : "", signer.refusal.empty() ? "" : ":refuses");
    }
    return said;
  }

  std::string report(Words& words) {
    SignerRow signer;
    signer.host = word(words);
    signer.applied = number(words);
    database().report(signer);
    return "";
  }

  std::string lease(Words& words) {
    const auto host = word(words);
    const std::chrono::seconds lease(number(words));
    database().grant_lease(host, database().now() + lease, std::nullopt, lease);
    return "";
  }

  static std::string nothing(std::function<void()> work) {
    work();
    return "";
  }

  const FleetSettings settings_;
  std::unique_ptr<FleetDatabase> database_;
  const std::map<std::string, std::function<std::string(Words&)>> commands_{
      {"connect", [this](Words&) { return nothing([&] { database(); }); }},
      {"close", [this](Words&) { return nothing([&] { database_.reset(); }); }},
      {"sql", [this](Words& words) { return sql(words); }},
      {"schema", [this](Words& words) { return schema(words); }},
      {"state", [this](Words& words) { return state(words); }},
      {"begin", [this](Words&) { return nothing([&] { database().connection().begin(); }); }},
      {"commit", [this](Words&) { return nothing([&] { database().connection().commit(); }); }},
      {"rollback", [this](Words&) { return nothing([&] { database().connection().rollback(); }); }},
      {"lock", [this](Words& words) { return nothing([&] { database().lock_domain(domain(words)); }); }},
      {"put", [this](Words& words) { return put(words); }},
      {"changed", [this](Words& words) { return changed(words); }},
      {"domains", [this](Words&) { return std::to_string(database().domains().size()); }},
      {"behind", [this](Words& words) { return behind(words); }},
      {"join", [this](Words& words) { return nothing([&] { database().join(word(words)); }); }},
      {"leave", [this](Words& words) { return nothing([&] { database().leave(word(words)); }); }},
      {"report", [this](Words& words) { return report(words); }},
      {"lease", [this](Words& words) { return lease(words); }},
      {"refuse",
       [this](Words& words) {
         const auto host = word(words);
         const auto name = word(words);
         return nothing([&] { database().refuse(host, name, rest(words)); });
       }},
      {"listen", [this](Words&) { return nothing([&] { database().connection().listen("dkimsignd"); }); }},
      {"wait",
       [this](Words& words) {
         return database().connection().wait(std::chrono::milliseconds(number(words))) ? "woken" : "silence";
       }},
  };
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (std::string_view(argv[1]) == "roles") {
    std::cout << roles_sql();
    return 0;
  }
  try {
    Probe probe(*read_fleet_settings(argv[1], true));
    for (std::string line; std::getline(std::cin, line);)
      std::cout << probe.answer(line) << std::endl;
  } catch (const std::exception& error) {
    std::cout << "error settings " << error.what() << std::endl;
    return 1;
  }
}
