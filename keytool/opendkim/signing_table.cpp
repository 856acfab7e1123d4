#include "keytool/opendkim/signing_table.hpp"

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

// Where in opendkim's order of look-ups an entry of a flat file is found.
int rank(const AddressPattern& pattern) {
  const bool any_user = pattern.user.empty();
  switch (pattern.kind) {
    case Domain::host:
      return any_user ? 1 : 0;
    case Domain::below:
      return any_user ? 3 : 2;
    default:
      return any_user ? 5 : 4;
  }
}

bool is_looked_up_before(const SigningTableEntry& a, const SigningTableEntry& b) {
  const int rank_a = rank(a.pattern);
  const int rank_b = rank(b.pattern);
  if (rank_a != rank_b) return rank_a < rank_b;
  // Only parents of one domain are ever compared, and the nearer is the longer.
  return a.pattern.kind == Domain::below && a.pattern.domain.size() > b.pattern.domain.size();
}

// opendkim makes a regular expression of a pattern and escapes nothing but the dot.
bool is_regular_expression(std::string_view pattern) {
  return pattern.find_first_of("()[]{}|+?^$\\") != std::string_view::npos;
}

// Octets that no address without quotes has (RFC 5322 §3.2.3).
bool is_address_pattern(std::string_view pattern) {
  return std::none_of(pattern.begin(), pattern.end(), [](char c) {
    return std::string_view("\",:;<>()[]\\").find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
}

bool is_table_line(const DataEntry& line) {
  const std::string key_name = line.value.substr(0, line.value.find(':'));
  return is_address_pattern(line.key) && line.key.find_first_of(".@*") != std::string::npos &&
         is_harmless_word(key_name);
}

}  // namespace

SigningTable read_signing_table(const DataSet& data) {
  const bool of_patterns = data.type == DataSetName::Type::patterns;
  SigningTable table;
  table.remarks = data.remarks;
  // It may be any file: its lines are not shown.
  if (!data.file.empty() && !data.entries.empty() &&
      std::none_of(data.entries.begin(), data.entries.end(), is_table_line)) {
    table.remarks.push_back(unsigned_mail(
        data.file, "none of its lines is an address, or a pattern, and a key name: it is no SigningTable"));
    return table;
  }
  std::set<AddressPattern> known;
  for (const auto& line : data.entries) {
    const std::string key_name = line.value.substr(0, line.value.find(':'));
    if (key_name.empty()) {
      table.remarks.push_back(
          unsigned_mail(line.place, shown_word(line.key) + " names no key; opendkim may crash on it"));
      continue;
    }
    if (of_patterns && is_regular_expression(line.key)) {
      table.remarks.push_back(unsigned_mail(
          line.place, shown_word(line.key) + " has signs that opendkim reads as a regular expression"));
      continue;
    }
    if (!is_address_pattern(line.key)) {
      table.remarks.push_back(
          unsigned_mail(line.place, shown_word(line.key) + " is no address, and no pattern"));
      continue;
    }
    std::vector<AddressPattern> patterns;
    if (of_patterns) {
      patterns = patterns_of_glob(line.key);
    } else if (auto pattern = pattern_of_table_key(line.key)) {
      patterns.push_back(*std::move(pattern));
    }
    if (patterns.empty()) {
      const bool stars = !of_patterns && line.key.find('*') != std::string::npos;
      std::string why;
      if (stars) why = ": * is an ordinary sign in a flat file, and would be a pattern with refile:";
      if (line.key.starts_with('@')) why = ": there is nothing in front of the @";
      table.remarks.push_back(note(line.place, shown_word(line.key) + " matches no address there" + why));
      continue;
    }
    if (key_name.size() < line.value.size()) {
      table.remarks.push_back(signed_otherwise(
          line.place, shown_word(line.key) + " sets i= to " +
                          shown_word(line.value.substr(key_name.size() + 1)) +
                          ": dkimsignd writes no i=, which then is @ and the signing domain"));
    }
    for (auto& pattern : patterns) {
      // A flat file is searched for the first of its kind; patterns are all tried.
      if (!of_patterns && !known.insert(pattern).second) {
        table.remarks.push_back(
            note(line.place, shown_word(line.key) + " was there before: opendkim never sees this one"));
        continue;
      }
      table.entries.push_back({std::move(pattern), key_name, line.place});
    }
  }
  if (!of_patterns) std::stable_sort(table.entries.begin(), table.entries.end(), is_looked_up_before);
  return table;
}

}  // namespace dkim::keytool::opendkim
