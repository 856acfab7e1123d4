#include "canon/body_canon.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "canon/byte_vector.hpp"
#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Returns true if canonicalization leaves every byte of this block as it is, unless the body ends here.
// Judges each byte with its successor, so block[Size] must exist, too. The loop has neither branch nor exit:
// mail runs through it at memory speed.
//
// Returns false for
//  - LF without CR, which becomes CRLF;
//  - relaxed: HTAB, which becomes SP;
//  - relaxed: SP before white space or before what may be a line end, which is dropped.
// Simple leaves white space alone, so only line ends matter to it.
template <Canonicalization Algorithm, std::size_t Size>
bool unchanged(const char* block) {
  ByteVector odd{};
  for (std::size_t i = 0; i < Size; i += sizeof odd) {
    const ByteVector bytes = load_bytes(block + i);
    const ByteVector next = load_bytes(block + i + 1);
    odd |= mask_of((next == '\n') & (bytes != '\r'));
    if constexpr (Algorithm == Canonicalization::relaxed)
      odd |= mask_of((bytes == '\t') | ((bytes == ' ') & (next <= ' ')));
  }
  return !any(odd);
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
  if (algorithm_ == Canonicalization::simple || chunk.size() < Squeeze::least_text || chunk.front() == '\n')
    return 0;
  if (buffer_.size() - buffered_ < Squeeze::least_room) flush(sink);
  char* const begin = buffer_.data() + buffered_;
  auto [taken, written] = squeeze_->run(chunk, std::span(buffer_).subspan(buffered_));
  char* end = begin + written;
  // A CR at the end may have its LF behind it: leaves it for later.
  if (taken > 0 && chunk[taken - 1] == '\r') {
    --end;
    --taken;
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
