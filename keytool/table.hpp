// A table for people: columns as wide as they need to be, two spaces between.
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}

  // As many cells as the head has, fit for a terminal.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string str() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace dkim::keytool
