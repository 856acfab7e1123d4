#include "keytool/opendkim/signing_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

// Returns the position of an entry of a flat file in opendkim's order of look-ups.
int rank(const AddressPattern& pattern) {
  const bool any_user = pattern.user.empty();
  switch (pattern.kind) {
    case Domain::host:
      return any_user ? 1 : 0;
    case Domain::below:
      return any_user ? 3 : 2;
    case Domain::any:
    case Domain::glob:
      break;
  }
  return any_user ? 5 : 4;
}

bool is_looked_up_before(const SigningTableEntry& a, const SigningTableEntry& b) {
  const int rank_a = rank(a.pattern);
  const int rank_b = rank(b.pattern);
  if (rank_a != rank_b) return rank_a < rank_b;
  // Only parents of one domain are ever compared, and the nearer is the longer.
  return a.pattern.kind == Domain::below && a.pattern.domain.size() > b.pattern.domain.size();
}

// Returns whether all characters can be in an address without quotes (RFC 5322 §3.2.3).
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

class TableReader {
 public:
  explicit TableReader(const DataSet& data)
      : data_(data), of_patterns_(data.type == DataSetName::Type::patterns) {
    table_.remarks = data.remarks;
  }

  SigningTable read() {
    // The file may be anything: its lines are not shown.
    if (!data_.file.empty() && !data_.entries.empty() &&
        std::none_of(data_.entries.begin(), data_.entries.end(), is_table_line)) {
      table_.remarks.push_back(unsigned_mail(
          data_.file,
          "none of its lines is an address or a pattern with a key name: it is not a SigningTable"));
      return std::move(table_);
    }
    for (const auto& line : data_.entries)
      read_line(line);
    if (!of_patterns_) std::stable_sort(table_.entries.begin(), table_.entries.end(), is_looked_up_before);
    return std::move(table_);
  }

 private:
  void lose(const DataEntry& line, std::string_view what) {
    table_.remarks.push_back(unsigned_mail(line.place, fmt::format("{} {}", shown_word(line.key), what)));
  }
  void add_note(const DataEntry& line, std::string_view what) {
    table_.remarks.push_back(note(line.place, fmt::format("{} {}", shown_word(line.key), what)));
  }

  void read_line(const DataEntry& line) {
    const std::string key_name = line.value.substr(0, line.value.find(':'));
    if (key_name.empty()) return lose(line, "names no key; opendkim may crash on it");
    if (of_patterns_ && is_regular_expression(line.key))
      return lose(line, "has characters that opendkim reads as a regular expression");
    if (!is_address_pattern(line.key)) return lose(line, "is neither an address nor a pattern");
    auto patterns = patterns_of(line.key);
    if (patterns.empty()) return add_note(line, why_no_match(line.key));
    if (key_name.size() < line.value.size()) {
      table_.remarks.push_back(signed_otherwise(
          line.place,
          fmt::format("{} sets i= to {}: dkimsignd writes no i=, which then means @ and the signing domain",
                      shown_word(line.key), shown_word(line.value.substr(key_name.size() + 1)))));
    }
    for (auto& pattern : patterns) {
      // In a flat file the first line of a key wins; patterns are all tried.
      if (!of_patterns_ && !known_.insert(pattern).second) {
        add_note(line, "was there before: opendkim never uses this line");
        continue;
      }
      table_.entries.push_back({std::move(pattern), key_name, line.place});
    }
  }

  std::vector<AddressPattern> patterns_of(const std::string& key) const {
    if (of_patterns_) return patterns_of_glob(key);
    auto pattern = pattern_of_table_key(key);
    return pattern ? std::vector{*std::move(pattern)} : std::vector<AddressPattern>();
  }

  std::string_view why_no_match(const std::string& key) const {
    if (key.starts_with('@')) return "matches no address there: there is nothing in front of the @";
    if (!of_patterns_ && key.find('*') != std::string::npos)
      return "matches no address there: in a flat file * is an ordinary character; with refile: it would "
             "be a pattern";
    return "matches no address there";
  }

  const DataSet& data_;
  const bool of_patterns_;
  SigningTable table_;
  std::set<AddressPattern> known_;
};

}  // namespace

SigningTable read_signing_table(const DataSet& data) {
  return TableReader(data).read();
}

}  // namespace dkim::keytool::opendkim
