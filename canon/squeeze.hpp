// The inner loop of the relaxed body algorithm (RFC 6376 §3.4.4) over text with white space in it, once for
// each instruction set that a processor may have.
//
// White space at a line's end is dropped, and every other run of white space becomes one SP. All functions
// give the same bytes, never fail, keep no state and may be called from any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace dkim::canon {

struct Squeezed {
  std::size_t taken;    // bytes off the text's front, in whole blocks
  std::size_t written;  // bytes that are left of them
};

struct Squeeze {
  // What the text must have for a block to be taken, and what `out` must have room for: some bytes behind the
  // block are looked at, and some behind the result are overwritten.
  static constexpr std::size_t block = 64;
  static constexpr std::size_t least_text = 2 * block + 2;
  static constexpr std::size_t least_room = 4 * block;

  std::string_view instruction_set;
  // Stops where the text or the room is too short for another block, and before a block in which an LF has no
  // CR, since dropping bytes is then not enough. An LF at the text's front is the caller's to judge: it is
  // passed on.
  Squeezed (*run)(std::string_view text, std::span<char> out);
};

// Returns what this processor can run, the slowest first. There is at least one.
std::span<const Squeeze> squeezes();

}  // namespace dkim::canon
