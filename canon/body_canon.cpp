#include "canon/body_canon.hpp"

#include <algorithm>
#include <cstring>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Returns true if canonicalization leaves every byte of this block as it is, unless the body ends here.
// Judges each byte with its successor, so block[Size] must exist, too. The loop has no branch and no exit:
// the compiler turns it into vector instructions, and mail runs through it at memory speed.
//
// Returns false for
//  - LF without CR, which becomes CRLF;
//  - relaxed: HTAB, which becomes SP;
//  - relaxed: SP before white space or before what may be a line end, which is dropped.
// Simple leaves white space alone, so only line ends matter to it.
template <Canonicalization Algorithm, std::size_t Size>
bool unchanged(const char* block) {
  unsigned char odd = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    const auto next = static_cast<unsigned char>(block[i + 1]);
    odd |= static_cast<unsigned char>((next == '\n') & (c != '\r'));
    if constexpr (Algorithm == Canonicalization::relaxed)
      odd |= static_cast<unsigned char>((c == '\t') | ((c == ' ') & (next <= ' ')));
  }
  return odd == 0;
}

// Returns how many bytes from the start can pass unchanged, in whole blocks.
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

// The relaxed algorithm for one stretch of bytes, whatever white space is in it. Each byte and the two behind
// it, which must exist, decide whether it stays; this, too, becomes vector instructions. Then the bytes that
// stay move up.
constexpr std::size_t stretch_size = 256;

struct Verdicts {
  std::array<char, stretch_size> octets;         // HTAB as SP
  std::array<unsigned char, stretch_size> stay;  // 1 or 0
};

// Returns false if there is an LF without CR, for which judging what stays is not enough.
bool judge(const char* stretch, Verdicts& verdicts) {
  unsigned char lone_lf = 0;
  for (std::size_t i = 0; i < stretch_size; ++i) {
    const char c = stretch[i];
    const char next = stretch[i + 1];
    const auto space = static_cast<unsigned char>((c == ' ') | (c == '\t'));
    const auto space_follows = static_cast<unsigned char>((next == ' ') | (next == '\t'));
    const auto line_ends =
        static_cast<unsigned char>((next == '\n') | ((next == '\r') & (stretch[i + 2] == '\n')));
    verdicts.octets[i] = c == '\t' ? ' ' : c;
    verdicts.stay[i] = static_cast<unsigned char>((space & (space_follows | line_ends)) ^ 1U);
    lone_lf |= static_cast<unsigned char>((next == '\n') & (c != '\r'));
  }
  return lone_lf == 0;
}

// A longer run is given to the sink by a call of its own instead of a copy.
constexpr std::size_t worth_a_call = 512;

}  // namespace

void BodyCanonicalizer::update(std::string_view chunk, const Sink& sink) {
  while (!chunk.empty()) {
    std::size_t taken = 0;
    if (!anything_held()) taken = pass_unchanged(chunk, sink);
    if (!anything_held()) taken += squeeze(chunk.substr(taken), sink);
    if (taken == 0) {
      // Bytes are held, or this is a rare case. Goes on until nothing is held, and for at least 16 bytes.
      do {
        take(chunk[taken++], sink);
      } while (taken < chunk.size() && (taken < 16 || anything_held()));
    }
    chunk.remove_prefix(taken);
  }
  flush(sink);
}

std::size_t BodyCanonicalizer::pass_unchanged(std::string_view chunk, const Sink& sink) {
  // The scan judges each byte with its successor; the first one has to be judged here. An LF here is a lone
  // one.
  if (chunk.front() == '\n') return 0;
  std::size_t n = algorithm_ == Canonicalization::relaxed ? unchanged_prefix<Canonicalization::relaxed>(chunk)
                                                          : unchanged_prefix<Canonicalization::simple>(chunk);
  // The byte that ends the run may also end the body.
  std::size_t decided = n;
  while (decided > 0 && may_be_held(chunk[decided - 1]))
    --decided;
  if (decided > 0) {
    emit_run(chunk.substr(0, decided), sink);
    return decided;
  }
  // All of the run may be held. It is taken whole; otherwise it would be scanned again and again.
  for (const char octet : chunk.substr(0, n))
    take(octet, sink);
  return n;
}

std::size_t BodyCanonicalizer::squeeze(std::string_view chunk, const Sink& sink) {
  if (algorithm_ == Canonicalization::simple || chunk.size() < stretch_size + 2 || chunk.front() == '\n')
    return 0;
  Verdicts verdicts;
  if (!judge(chunk.data(), verdicts)) return 0;
  // A CR at the end belongs to the next stretch, which has its LF.
  const std::size_t taken = stretch_size - (chunk[stretch_size - 1] == '\r' ? 1 : 0);

  if (buffered_ + stretch_size > buffer_.size()) flush(sink);
  char* const begin = buffer_.data() + buffered_;
  char* end = begin;
  for (std::size_t i = 0; i < taken; ++i) {
    *end = verdicts.octets[i];
    end += verdicts.stay[i];
  }
  while (end - begin >= 2 && end[-1] == '\n' && end[-2] == '\r') {
    end -= 2;
    ++line_ends_held_;
  }
  any_output_ = any_output_ || end != begin;
  buffered_ += static_cast<std::size_t>(end - begin);
  return taken;
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
