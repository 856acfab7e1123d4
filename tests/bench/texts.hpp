// Message texts for the load generator and the benchmarks. Equal arguments give equal texts.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/milter_client.hpp"

namespace dkim::bench {

// Shapes of a body for which a canonicalizer needs different times.
enum class Shape {
  plain,       // English prose, single spaces
  base64,      // an attachment: lines of 76
  spaced,      // aligned columns: many double spaces, trailing white space
  sprinkled,   // random letters, one byte in nine a space: a double space now and then, where nobody expects
               // it
  tabbed,      // a table: tabs, some of them at the end of a line
  empty_lines  // every other line is empty
};

inline constexpr std::array all_shapes{Shape::plain,     Shape::base64, Shape::spaced,
                                       Shape::sprinkled, Shape::tabbed, Shape::empty_lines};

// Returns the shape with this name. Throws std::invalid_argument if there is none.
Shape shape_named(std::string_view name);
std::string_view name_of(Shape shape);

// Returns CRLF lines of exactly `size` bytes. If there are at least 2, the text ends with a line end.
std::string body_text(Shape shape, std::size_t size);

// Returns the header of an alert as a home server sends it.
std::vector<test::Field> alert_fields(std::string_view domain);

}  // namespace dkim::bench
