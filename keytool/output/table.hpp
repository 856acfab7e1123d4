// Lays out a table for people: columns as wide as they need to be, with two spaces between them. Nothing here
// fails.
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool {

class Table {
 public:
  using Row = std::vector<std::string>;

  explicit Table(Row head) : widths_(head.size()) { add(std::move(head)); }

  // Adds a row with as many cells as the head has. The cells must be fit for a terminal.
  void add(Row row);

  std::string str() const;

  // Returns the rows added since the last call. The columns of a later part may be wider than those of an
  // earlier one: nobody looks at so long a table as a whole.
  std::string take();
  // Returns whether there are enough rows for take().
  bool is_long() const { return rows_.size() >= long_part; }

 private:
  static constexpr std::size_t long_part = 1000;

  std::vector<std::size_t> widths_;
  std::vector<Row> rows_;
};

}  // namespace dkim::keytool
