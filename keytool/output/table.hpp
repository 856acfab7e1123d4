// A table for people: columns as wide as they need to be, two spaces between.
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool {

class Table {
 public:
  using Row = std::vector<std::string>;

  explicit Table(Row head) : widths_(head.size()) { add(std::move(head)); }

  // As many cells as the head has, fit for a terminal.
  void add(Row row);

  std::string str() const;

  // The text of the rows since the last call. In a table that is longer than anybody looks at as a whole,
  // the columns of one part may be wider than those above.
  std::string take();
  bool is_long() const { return rows_.size() >= long_part; }

 private:
  static constexpr std::size_t long_part = 1000;

  std::vector<std::size_t> widths_;
  std::vector<Row> rows_;
};

}  // namespace dkim::keytool
