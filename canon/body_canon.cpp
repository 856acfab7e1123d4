#include "canon/body_canon.hpp"

#include <algorithm>
#include <cstring>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Is every octet of this block one that canonicalization leaves as it is, wherever the body ends? That is
// judged from each octet and its successor, so block[Size] must exist too. The loop has no branch and no
// exit: the compiler turns it into vector instructions, and mail runs through it at memory speed.
//
// "No" means only that the block must go through take(). It is the answer for
//  - a pair of octets up to SP other than CRLF: white space runs, white space at the start or end of a
//    line, empty lines (which may turn out to be trailing ones);
//  - HTAB, which relaxed turns into SP;
//  - LF without CR, which becomes CRLF.
// Simple passes white space, so only line ends matter to it.
template <Canonicalization Algorithm, std::size_t Size>
bool unchanged(const char* block) {
  unsigned char odd = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    const auto next = static_cast<unsigned char>(block[i + 1]);
    const auto lone_lf = static_cast<unsigned char>((next == '\n') & (c != '\r'));
    if constexpr (Algorithm == Canonicalization::relaxed) {
      const auto crlf = static_cast<unsigned char>((c == '\r') & (next == '\n'));
      const auto low_pair = static_cast<unsigned char>((c <= ' ') & (next <= ' '));
      odd |= static_cast<unsigned char>((low_pair & (crlf ^ 1U)) | (c == '\t') | lone_lf);
    } else {
      const auto empty_line = static_cast<unsigned char>((c == '\n') & ((next == '\r') | (next == '\n')));
      odd |= static_cast<unsigned char>(empty_line | lone_lf);
    }
  }
  return odd == 0;
}

// How many octets from the start can pass as they are, in whole blocks.
template <Canonicalization Algorithm>
std::size_t unchanged_prefix(std::string_view text) {
  constexpr std::size_t large = 128;
  constexpr std::size_t small = 16;
  std::size_t n = 0;
  while (n + large < text.size() && unchanged<Algorithm, large>(text.data() + n))
    n += large;
  while (n + small < text.size() && unchanged<Algorithm, small>(text.data() + n))
    n += small;
  return n;
}

bool may_be_held(char octet) {
  return is_fws(octet);
}

// How many octets at the end of an unchanged run may still have to be held. Never more than a CRLF: a longer
// stretch of white space and line ends is not unchanged, or does not concern the algorithm (simple passes
// white space). Not a loop, which would walk over a megabyte of spaces again for each few that follow.
std::size_t undecided_tail(std::string_view run) {
  if (run.ends_with("\r\n")) return 2;
  return run.ends_with('\r') || run.ends_with(' ') ? 1 : 0;
}

constexpr std::size_t slow_stretch = 16;
// Above this a run is worth a call of the sink of its own rather than a copy.
constexpr std::size_t worth_a_call = 512;

}  // namespace

void BodyCanonicalizer::update(std::string_view chunk, const Sink& sink) {
  while (!chunk.empty()) {
    if (nothing_held()) {
      chunk = pass_unchanged(chunk, sink);
    }
    const std::size_t stretch = std::min(slow_stretch, chunk.size());
    for (const char octet : chunk.substr(0, stretch))
      take(octet, sink);
    chunk.remove_prefix(stretch);
  }
  flush(sink);
}

// Emits the longest start of the chunk that needs no thought, gives back the rest. The rest begins with
// the octets at the run's end that may still have to be held.
std::string_view BodyCanonicalizer::pass_unchanged(std::string_view chunk, const Sink& sink) {
  // The scan judges each octet with its successor; the first one has only us. A LF here is a lone one, and
  // with line ends held, white space or another line end decides over them.
  if (chunk.front() == '\n' || (line_ends_held_ > 0 && may_be_held(chunk.front()))) return chunk;
  std::size_t n = algorithm_ == Canonicalization::relaxed ? unchanged_prefix<Canonicalization::relaxed>(chunk)
                                                          : unchanged_prefix<Canonicalization::simple>(chunk);
  if (n == 0) return chunk;
  n -= undecided_tail(chunk.substr(0, n));
  emit_held_lines(sink);
  emit_run(chunk.substr(0, n), sink);
  return chunk.substr(n);
}

void BodyCanonicalizer::take(char octet, const Sink& sink) {
  if (cr_held_) {
    cr_held_ = false;
    if (octet == '\n') {
      end_line();
      return;
    }
    emit_octet('\r', sink);
  }
  if (octet == '\r') {
    cr_held_ = true;
  } else if (octet == '\n') {
    end_line();
  } else if (algorithm_ == Canonicalization::relaxed && is_wsp(octet)) {
    space_held_ = true;
  } else {
    emit_octet(octet, sink);
  }
}

void BodyCanonicalizer::end_line() {
  space_held_ = false;
  ++line_ends_held_;
}

void BodyCanonicalizer::finish(const Sink& sink) {
  if (cr_held_) {
    cr_held_ = false;
    emit_octet('\r', sink);
  }
  // A last line without its CRLF gets one; an empty body is CRLF under simple and nothing under relaxed
  // (RFC 6376 §3.4.3, §3.4.4).
  if (any_output_ || algorithm_ == Canonicalization::simple) {
    line_ends_held_ = 1;
    emit_held_lines(sink);
  }
  flush(sink);
}

void BodyCanonicalizer::emit_octet(char octet, const Sink& sink) {
  emit_held_lines(sink);
  if (buffered_ + 2 > buffer_.size()) flush(sink);
  if (space_held_) buffer_[buffered_++] = ' ';
  space_held_ = false;
  buffer_[buffered_++] = octet;
  any_output_ = true;
}

void BodyCanonicalizer::emit_run(std::string_view run, const Sink& sink) {
  any_output_ = true;
  if (run.size() > worth_a_call || run.size() > buffer_.size() - buffered_) flush(sink);
  if (run.size() > worth_a_call) {
    sink(run);
  } else {
    std::memcpy(buffer_.data() + buffered_, run.data(), run.size());
    buffered_ += run.size();
  }
}

void BodyCanonicalizer::emit_held_lines(const Sink& sink) {
  for (; line_ends_held_ > 0; --line_ends_held_) {
    if (buffered_ + 2 > buffer_.size()) flush(sink);
    buffer_[buffered_++] = '\r';
    buffer_[buffered_++] = '\n';
  }
}

void BodyCanonicalizer::flush(const Sink& sink) {
  if (buffered_ > 0) sink(std::string_view(buffer_.data(), buffered_));
  buffered_ = 0;
}

}  // namespace dkim::canon
