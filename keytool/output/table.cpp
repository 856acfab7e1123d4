#include "keytool/output/table.hpp"

#include <algorithm>

namespace dkim::keytool {

void Table::add(Row row) {
  for (std::size_t i = 0; i < row.size(); ++i)
    widths_[i] = std::max(widths_[i], row[i].size());
  rows_.push_back(std::move(row));
}

std::string Table::str() const {
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths_[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string Table::take() {
  std::string out = str();
  rows_.clear();
  return out;
}

}  // namespace dkim::keytool
