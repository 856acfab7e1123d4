// Message texts for the load generator and the benchmarks, always the same for the same arguments.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/milter_client.hpp"

namespace dkim::bench {

// The shapes that cost a canonicalizer differently.
enum class Shape {
  plain,       // English prose, single spaces
  base64,      // an attachment: lines of 76
  spaced,      // aligned columns: many double spaces, trailing white space
  tabbed,      // a table: tabs, some of them at the end of a line
  empty_lines  // every other line is empty
};

inline constexpr std::array all_shapes{Shape::plain, Shape::base64, Shape::spaced, Shape::tabbed,
                                       Shape::empty_lines};

// Throws std::invalid_argument for a name that is none of them.
Shape shape_named(std::string_view name);
std::string_view name_of(Shape shape);

// CRLF lines, exactly `octets` long and, from 2 octets on, with a line end at its end.
std::string body_text(Shape shape, std::size_t octets);

// The header of an alert as a home server sends it.
std::vector<test::Field> alert_fields(std::string_view domain);

}  // namespace dkim::bench
