// Canonicalization of a message body, RFC 6376 §3.4.3 (simple) and §3.4.4 (relaxed), as it streams by.
//
// Takes the body in chunks and gives the canonical bytes to a sink. Any split of the input gives the same
// output. Memory is constant. Never fails: any bytes are a body. A lone LF ends a line, since the MTA will
// send it with a CR; a lone CR and NUL are ordinary bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "canon/canonicalization.hpp"
#include "canon/squeeze.hpp"

namespace dkim::canon {

class BodyCanonicalizer {
 public:
  // Takes the next canonical bytes. The view is valid during the call only.
  using Sink = std::function<void(std::string_view)>;

  // Runs on the fastest instruction set of this processor, or on the one given, which must outlive the
  // object.
  explicit BodyCanonicalizer(Canonicalization algorithm, const Squeeze& squeeze = squeezes().back())
      : algorithm_(algorithm), squeeze_(&squeeze) {}

  void update(std::string_view chunk, const Sink& sink);
  // Ends the body. The object must not be used afterwards.
  void finish(const Sink& sink);

 private:
  // Are there bytes that cannot be judged until the next ones are known? White space (dropped at a line's
  // end), a CR (part of a CRLF or a byte of its own) and line ends (dropped at the body's end).
  bool anything_held() const { return space_held_ || cr_held_ || line_ends_held_ > 0; }

  // Three ways to take bytes off a chunk's front, from fast to slow; the first two return how many they took.
  std::size_t pass_unchanged(std::string_view chunk, const Sink& sink);
  std::size_t squeeze(std::string_view chunk, const Sink& sink);
  void take(char octet, const Sink& sink);

  void end_line();
  void emit_octet(char octet, const Sink& sink);
  void emit_run(std::string_view run, const Sink& sink);
  void emit_held_lines(const Sink& sink);
  void flush(const Sink& sink);

  Canonicalization algorithm_;
  const Squeeze* squeeze_;
  bool space_held_ = false;
  bool cr_held_ = false;
  bool any_output_ = false;
  std::uint64_t line_ends_held_ = 0;
  // Collects small pieces: hashing is faster in few large ones.
  std::array<char, 4096> buffer_;
  std::size_t buffered_ = 0;
};

}  // namespace dkim::canon
