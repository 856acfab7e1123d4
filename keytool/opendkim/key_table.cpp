#include "keytool/opendkim/key_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

std::optional<KeyTableEntry> read_entry(const DataEntry& data) {
  const auto first = data.value.find(':');
  if (first == std::string::npos) return std::nullopt;
  const auto second = data.value.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  // opendkim divides at every colon and uses three parts: it knows neither paths with a colon nor a fourth
  // part.
  const auto third = std::min(data.value.find(':', second + 1), data.value.size());
  KeyTableEntry entry{data.key, data.value.substr(0, first), data.value.substr(first + 1, second - first - 1),
                      data.value.substr(second + 1, third - second - 1), data.place};
  if (entry.domain.empty() || entry.selector.empty() || entry.key.empty()) return std::nullopt;
  return entry;
}

}  // namespace

const KeyTableEntry* KeyTable::find(std::string_view name) const {
  const auto entry = by_name.find(canon::lower_case(name));
  return entry == by_name.end() ? nullptr : &entries[entry->second];
}

KeyTable read_key_table(const DataSet& data) {
  KeyTable table;
  table.remarks = data.remarks;
  for (const auto& line : data.entries) {
    if (data.type == DataSetName::Type::patterns && line.key.find('*') != std::string::npos) {
      table.remarks.push_back(unsigned_mail(
          line.place, fmt::format("key name {}: patterns of key names are not taken", shown_word(line.key))));
      continue;
    }
    if (auto entry = read_entry(line)) {
      table.by_name.emplace(canon::lower_case(entry->name), table.entries.size());
      table.entries.push_back(*std::move(entry));
    } else {
      table.remarks.push_back(not_taken(
          line.place, fmt::format("key name {} has no DOMAIN:SELECTOR:KEY; opendkim may crash on it",
                                  shown_word(line.key))));
    }
  }
  // The file may be anything: its lines are not shown.
  if (table.entries.empty() && !data.file.empty() && !data.entries.empty())
    table.remarks = {
        unsigned_mail(data.file, "none of its lines is NAME DOMAIN:SELECTOR:KEY: it is not a KeyTable")};
  return table;
}

}  // namespace dkim::keytool::opendkim
