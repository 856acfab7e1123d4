// Tests with random tables that after an import our rules, keys and flags decide for each author as
// opendkim's look-ups do. The test repeats these look-ups one by one.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>

#include "canon/text.hpp"
#include "crypto/signatures/identity.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/plan.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Signatures = std::set<std::string>;  // "selector domain"
using Lines = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 3> users{"a", "b", "ba"};
constexpr std::array<std::string_view, 8> hosts{"x.org", "y.x.org", "z.y.x.org", "q.x.org",
                                                "w.org", "y.w.org", "x.com",     "other.net"};

// Returns everything that look-ups in a flat file find, in opendkim's order.
std::vector<std::string> looked_up(const Lines& table, const std::string& user, const std::string& host) {
  std::vector<std::string> keys{user + "@" + host, host};
  std::vector<std::string> parents;
  for (auto dot = host.find('.'); dot != std::string::npos; dot = host.find('.', dot + 1))
    parents.push_back(host.substr(dot));
  for (const auto& parent : parents)
    keys.push_back(user + "@" + parent);
  keys.insert(keys.end(), parents.begin(), parents.end());
  keys.push_back(user + "@*");
  keys.emplace_back("*");
  std::vector<std::string> found;
  for (const auto& key : keys) {
    const auto line = std::find_if(table.begin(), table.end(), [&](const auto& l) { return l.first == key; });
    if (line != table.end()) found.push_back(line->second);
  }
  return found;
}

std::vector<std::string> matched(const Lines& table, const std::string& user, const std::string& host) {
  std::vector<std::string> found;
  for (const auto& [pattern, key] : table) {
    if (canon::matches_wildcard(pattern, user + "@" + host)) found.push_back(key);
  }
  return found;
}

class StoreOfPlan final : public crypto::KeySource {
 public:
  explicit StoreOfPlan(const ImportPlan& plan) : plan_(plan) {}

  std::shared_ptr<const crypto::DomainKeys> find(const canon::DomainName& domain) override {
    auto keys = std::make_shared<crypto::DomainKeys>();
    for (const auto& [name, key] : plan_.keys) {
      if (name.domain != domain) continue;
      keys->active.push_back({name.selector, key.key});
      keys->manifest.subdomains = plan_.subdomains.at(domain).sign;
      keys->manifest.keys.push_back({.selector = name.selector, .state = crypto::KeyState::active});
    }
    return keys->active.empty() ? nullptr : keys;
  }

 private:
  const ImportPlan& plan_;
};

Signatures ours(const ImportPlan& plan, const crypto::SigningSettings& settings, const std::string& user,
                const std::string& host) {
  StoreOfPlan store(plan);
  const auto identity = crypto::choose_identity({{{user, host}}}, settings.rules, store);
  Signatures out;
  if (const auto* signing = std::get_if<crypto::SigningIdentity>(&identity)) {
    for (const auto& key : signing->keys)
      out.insert(key.selector.str() + " " + signing->domain.str());
  }
  return out;
}

class RandomTables {
 public:
  explicit RandomTables(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <typename List>
  std::string one_of(const List& list) {
    return std::string(list[below(list.size())]);
  }

  std::string table_key() {
    const std::string user = one_of(users) + "@";
    switch (below(8)) {
      case 0:
        return user + "*";
      case 1:
        return below(4) == 0 ? "*" : "*@x.org";
      case 2:
        return "." + one_of(hosts);
      case 3:
        return user + "." + one_of(hosts);
      case 4:
      case 5:
        return user + one_of(hosts);
      default:
        return one_of(hosts);
    }
  }

  std::string pattern() {
    const std::string user = below(3) == 0 ? one_of(users) : below(4) == 0 ? "b*" : "*";
    switch (below(6)) {
      case 0:
        return below(3) == 0 ? "*" : user + "@*";
      case 1:
        return user + "@*." + one_of(hosts);
      case 2:
        return below(3) == 0 ? "*" + one_of(hosts) : user + "@*" + one_of(hosts);
      default:
        return user + "@" + one_of(hosts);
    }
  }

 private:
  std::mt19937 random_;
};

struct World {
  bool patterns = false;
  bool multiple = false;
  std::map<std::string, std::pair<std::string, std::string>> keys;  // name: domain and selector
  Lines table;
};

// With several signatures all keys belong to one domain: dkimsignd cannot make any others.
World random_world(unsigned seed) {
  RandomTables random(seed);
  World world;
  world.patterns = random.below(2) == 0;
  world.multiple = random.below(3) == 0;
  const std::size_t key_count = 1 + random.below(5);
  for (std::size_t i = 0; i < key_count; ++i) {
    const std::string domain = world.multiple ? "x.org" : random.one_of(hosts);
    world.keys["k" + std::to_string(i)] = {domain, "s" + std::to_string(random.below(3))};
  }
  const std::size_t lines = 1 + random.below(6);
  for (std::size_t i = 0; i < lines; ++i) {
    world.table.emplace_back(world.patterns ? random.pattern() : random.table_key(),
                             "k" + std::to_string(random.below(key_count)));
  }
  return world;
}

Signatures theirs(const World& world, const std::string& user, const std::string& host) {
  auto found = world.patterns ? matched(world.table, user, host) : looked_up(world.table, user, host);
  if (!world.multiple && found.size() > 1) found.resize(1);
  Signatures out;
  for (const auto& name : found)
    out.insert(world.keys.at(name).second + " " + world.keys.at(name).first);
  return out;
}

TEST(ImportDecisions, AreTheSameForRandomTables) {
  test::TextSources sources;
  const auto pem = crypto::PrivateKey::generate_ed25519().to_pem();
  sources.files["/k"] = {pem.begin(), pem.end()};
  std::size_t compared = 0;
  std::size_t signed_ones = 0;
  std::size_t without_rules = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const auto world = random_world(seed);
    std::string key_table;
    for (const auto& [name, key] : world.keys)
      key_table += name + " " + key.first + ":" + key.second + ":/k\n";
    std::string signing_table;
    for (const auto& [key, name] : world.table)
      signing_table += key + " " + name + "\n";
    sources.files["/kt"] = key_table;
    sources.files["/st"] = signing_table;
    sources.files["/c"] = std::string("KeyTable file:/kt\nSigningTable ") +
                          (world.patterns ? "refile:" : "file:") + "/st\nMultipleSignatures " +
                          (world.multiple ? "yes" : "no") + "\n";
    const auto plan = plan_import("/c", sources, [](const auto&) { return std::vector<canon::Selector>{}; });
    // If no rule can express an overlap of patterns, a remark says so, and the decisions may differ.
    if (std::any_of(plan.remarks.begin(), plan.remarks.end(), is_loss)) {
      EXPECT_TRUE(world.multiple && world.patterns) << plan.remarks.front().text;
      continue;
    }
    const auto text = conf_text(plan, std::nullopt);
    const auto file = crypto::SettingsFile::parse(text, "written");
    auto root = file.root();
    const auto settings = crypto::read_signing_settings(root);
    without_rules += settings.rules.empty() ? 1 : 0;
    for (const auto user : users) {
      for (const auto host : hosts) {
        const auto expected = theirs(world, std::string(user), std::string(host));
        ASSERT_EQ(ours(plan, settings, std::string(user), std::string(host)), expected)
            << "seed " << seed << ": " << user << "@" << host << "\n"
            << sources.files["/c"] << key_table << signing_table << text;
        ++compared;
        signed_ones += expected.empty() ? 0 : 1;
      }
    }
  }
  EXPECT_GT(compared, 60'000U);
  EXPECT_GT(signed_ones, 10'000U);
  EXPECT_GT(without_rules, 30U);
}

}  // namespace
}  // namespace dkim::keytool::opendkim
