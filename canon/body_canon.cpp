#include "canon/body_canon.hpp"

#include <algorithm>
#include <cstring>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// Does canonicalization leave every octet of this block as it is? Judged from each octet and its successor,
// so block[Size] must exist too; line ends at the end of a run are left to the caller. The loop has no branch
// and no exit: the compiler turns it into vector instructions, and mail runs through it at memory speed.
//
// "No" means only that the block wants a closer look. It is the answer for
//  - SP before SP, HTAB or a line end (or another control), which relaxed drops;
//  - HTAB, which relaxed turns into SP;
//  - LF without CR, which becomes CRLF in both.
template <Canonicalization Algorithm, std::size_t Size>
bool unchanged(const char* block) {
  unsigned char odd = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    const auto next = static_cast<unsigned char>(block[i + 1]);
    odd |= static_cast<unsigned char>((next == '\n') & (c != '\r'));
    if constexpr (Algorithm == Canonicalization::relaxed) {
      odd |= static_cast<unsigned char>((c == '\t') | ((c == ' ') & (next <= ' ')));
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

// Writes text with each run of white space as one SP; gives back how much that is, never more than text has.
// The last octet must not be white space. No branch depends on an octet: a processor cannot guess where words
// end. First, in vector instructions, what each octet becomes and whether it stays (of a run, the last one
// does); then all are written one after the other, and those that go are written over.
std::size_t squeeze(std::string_view text, char* out) {
  constexpr std::size_t block = 32;
  const auto white = [](char c) { return (c == ' ') | (c == '\t'); };
  std::array<char, block + 1> in{};
  std::array<char, block> becomes;
  std::array<unsigned char, block> stays;
  std::size_t written = 0;
  while (!text.empty()) {
    // The octet after the block belongs to the judgement; after the text's last it does not matter.
    std::memcpy(in.data(), text.data(), std::min(text.size(), block + 1));
    for (std::size_t i = 0; i < block; ++i) {
      becomes[i] = in[i] == '\t' ? ' ' : in[i];
      stays[i] = static_cast<unsigned char>((white(in[i]) & white(in[i + 1])) ^ 1);
    }
    const std::size_t length = std::min(text.size(), block);
    for (std::size_t i = 0; i < length; ++i) {
      out[written] = becomes[i];
      written += stays[i];
    }
    text.remove_prefix(length);
  }
  return written;
}

// Above this a run is worth a call of the sink of its own rather than a copy.
constexpr std::size_t worth_a_call = 512;

}  // namespace

void BodyCanonicalizer::update(std::string_view chunk, const Sink& sink) {
  while (!chunk.empty()) {
    if (!nothing_held()) {
      take(chunk.front(), sink);
      chunk.remove_prefix(1);
      continue;
    }
    chunk = pass_unchanged(chunk, sink);
    chunk = pass_line(chunk, sink);
  }
  flush(sink);
}

bool BodyCanonicalizer::may_be_held(char octet) const {
  return octet == '\r' || octet == '\n' || (algorithm_ == Canonicalization::relaxed && is_wsp(octet));
}

// Takes the longest start of the chunk that needs no thought; gives back the rest.
std::string_view BodyCanonicalizer::pass_unchanged(std::string_view chunk, const Sink& sink) {
  // The scan judges each octet with its successor; the first one has only us. A LF here is a lone one, and
  // with line ends held, white space or another line end decides over them.
  if (chunk.front() == '\n' || (line_ends_held_ > 0 && may_be_held(chunk.front()))) return chunk;
  const std::size_t n = algorithm_ == Canonicalization::relaxed
                            ? unchanged_prefix<Canonicalization::relaxed>(chunk)
                            : unchanged_prefix<Canonicalization::simple>(chunk);
  // What ends the run may also end the body, and then goes.
  std::size_t decided = n;
  while (decided > 0 && may_be_held(chunk[decided - 1]))
    --decided;
  if (decided > 0) emit_run(chunk.substr(0, decided), sink);
  for (const char octet : chunk.substr(decided, n - decided))
    take(octet, sink);
  return chunk.substr(n);
}

// Takes the chunk up to the end of its first line; gives back the rest.
std::string_view BodyCanonicalizer::pass_line(std::string_view chunk, const Sink& sink) {
  const std::size_t end = chunk.find('\n');
  const std::string_view rest = chunk.substr(std::min(end, chunk.size() - 1) + 1);
  std::string_view line = chunk.substr(0, chunk.size() - rest.size());
  std::size_t decided = line.size();
  while (decided > 0 && may_be_held(line[decided - 1]))
    --decided;
  if (nothing_held() && decided > 0) {
    if (algorithm_ == Canonicalization::relaxed) {
      emit_squeezed(line.substr(0, decided), sink);
    } else {
      emit_run(line.substr(0, decided), sink);
    }
    line.remove_prefix(decided);
  }
  for (const char octet : line)
    take(octet, sink);
  return rest;
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
  emit_held_lines(sink);
  any_output_ = true;
  if (run.size() > worth_a_call || run.size() > buffer_.size() - buffered_) flush(sink);
  if (run.size() > worth_a_call) {
    sink(run);
  } else {
    std::memcpy(buffer_.data() + buffered_, run.data(), run.size());
    buffered_ += run.size();
  }
}

// run begins and ends within a line, and does not end in white space.
void BodyCanonicalizer::emit_squeezed(std::string_view run, const Sink& sink) {
  emit_held_lines(sink);
  any_output_ = true;
  while (!run.empty()) {
    std::size_t piece = std::min(run.size(), buffer_.size());
    // Not in the middle of white space, unless there is nothing else.
    while (piece > 0 && piece < run.size() && is_wsp(run[piece - 1]))
      --piece;
    if (piece == 0) {
      const std::size_t word = std::min(run.find_first_not_of(" \t"), run.size());
      emit_octet(' ', sink);
      run.remove_prefix(word);
      continue;
    }
    if (piece > buffer_.size() - buffered_) flush(sink);
    buffered_ += squeeze(run.substr(0, piece), buffer_.data() + buffered_);
    run.remove_prefix(piece);
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
