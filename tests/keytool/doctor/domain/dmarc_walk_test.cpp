// Tests walks up the tree from vectors: the record that applies to a domain, and the domain's organization.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "keytool/doctor/domain/dmarc_check.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "tests/keytool/table_lookup.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::keytool {
namespace {

using test::read_vectors;
using test::VectorRecord;

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// Answers from a vector, and remembers the questions.
class Zone final : public Lookup {
 public:
  explicit Zone(const VectorRecord& vector) {
    for (const auto& line : vector.all("At")) {
      const auto space = line.find(' ');
      table_.records[{"_dmarc." + line.substr(0, space), RecordType::txt}].push_back(line.substr(space + 1));
    }
    for (const auto& name : vector.all("There"))
      table_.records[{name, RecordType::txt}];
    for (const auto& name : vector.all("Silent"))
      table_.troubles["_dmarc." + name] = "no answer";
  }

  Answer ask(const std::string& name, RecordType type) override {
    asked_.push_back(name);
    return table_.ask(name, type);
  }
  canon::Result<bool> exists(const std::string& name) override { return table_.exists(name); }

  const std::vector<std::string>& asked() const { return asked_; }

 private:
  test::TableLookup table_;
  std::vector<std::string> asked_;
};

std::vector<std::string> records_of(const std::string& domains) {
  auto names = words(domains);
  for (auto& name : names)
    name.insert(0, "_dmarc.");
  return names;
}

std::string get_or_none(const VectorRecord& vector, std::string_view key) {
  return vector.has(key) ? vector.get(key) : "";
}

// Returns the owner of the record and the policy: "example.com reject".
std::string policy_text(Lookup& zone, const TreeWalk& walk) {
  const auto* found = walk.policy();
  if (found == nullptr) return {};
  auto scope = DmarcScope::domain;
  if (found->owner != walk.start) {
    scope = *zone.exists(walk.start) ? DmarcScope::subdomain : DmarcScope::missing_subdomain;
  }
  const auto policy = found->record.policy_for(scope);
  return found->owner + " " + (policy ? std::string(to_string(*policy)) : "-");
}

TEST(TreeWalk, finds_what_receivers_find) {
  for (const auto& vector : read_vectors("dmarc_walk.vec")) {
    SCOPED_TRACE(vector.where());
    Zone zone(vector);
    const auto walk = walk_up(zone, vector.get("Domain"));
    EXPECT_EQ(zone.asked(), records_of(vector.get("Asks")));
    EXPECT_LE(zone.asked().size(), TreeWalk::most_questions);
    EXPECT_EQ(walk.organization().value_or(""), get_or_none(vector, "Organization"));
    EXPECT_EQ(policy_text(zone, walk), get_or_none(vector, "Policy"));
    EXPECT_EQ(walk.trouble.has_value(), vector.has("Silent") && !walk.organization());
    for (const auto& other : words(get_or_none(vector, "Aligned")))
      EXPECT_EQ(is_of_organization(zone, walk, other), std::optional(true)) << other;
    for (const auto& other : words(get_or_none(vector, "Apart")))
      EXPECT_EQ(is_of_organization(zone, walk, other), std::optional(false)) << other;
  }
}

// Doctor reports the same record, and the policy that applies to the domain.
TEST(TreeWalk, decides_what_doctor_reports) {
  for (const auto& vector : read_vectors("dmarc_walk.vec")) {
    SCOPED_TRACE(vector.where());
    Zone zone(vector);
    const auto& domain = vector.get("Domain");
    const auto findings = check_dmarc(zone, {domain, {domain}, {domain}});
    const bool has_policy = vector.has("Policy");
    const auto policy = words(get_or_none(vector, "Policy"));
    EXPECT_EQ(std::any_of(findings.begin(), findings.end(),
                          [&](const auto& finding) {
                            return finding.what.starts_with("the policy at _dmarc." +
                                                            (has_policy ? policy[0] : "")) &&
                                   finding.what.find(" is " + (has_policy ? policy[1] : "")) !=
                                       std::string::npos;
                          }),
              has_policy);
    const bool silent = vector.has("Silent");
    EXPECT_EQ(std::any_of(findings.begin(), findings.end(),
                          [](const auto& finding) { return finding.severity == Severity::unknown; }),
              !has_policy && silent);
    EXPECT_EQ(std::any_of(findings.begin(), findings.end(),
                          [](const auto& finding) { return finding.what.starts_with("no DMARC record"); }),
              !has_policy && !silent && vector.all("At").empty());
  }
}

// A hostile zone may name many domains for reports, each with many labels: the number of questions is
// limited.
TEST(TreeWalk, asks_a_bounded_number_of_questions) {
  test::TableLookup dns;
  std::string addresses;
  for (int i = 0; i < 2000; ++i)
    addresses += (i == 0 ? "" : ",") + std::string("mailto:a@a.b.c.d.e.f.g.h.i.j") + std::to_string(i) +
                 ".example.com,mailto:a@a.b.c.d.e.f.g.h.i" + std::to_string(i) + ".example.net";
  dns.records[{"_dmarc.example.com", RecordType::txt}] = {"v=DMARC1; p=none; rua=" + addresses +
                                                          "; ruf=" + addresses};
  const auto findings = check_dmarc(dns, {"a.b.c.d.e.f.g.h.i.j.k.example.com", {}, {}});
  EXPECT_FALSE(findings.empty());
  EXPECT_LE(dns.questions, 100U);
}

}  // namespace
}  // namespace dkim::keytool
