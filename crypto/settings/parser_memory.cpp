#include "crypto/settings/parser_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace dkim::crypto {
namespace {

thread_local ParserMemory* in_use = nullptr;

// Stands before every block that libconfig has, wherever it came from: it may free one long after.
struct alignas(std::max_align_t) BlockHead {
  std::size_t capacity;
  enum class Source : std::uint8_t { parser_memory, heap } source;
};

void* behind(BlockHead* head) {
  return head + 1;
}

BlockHead* head_of(void* block) {
  return static_cast<BlockHead*>(block) - 1;
}

void* take_block(std::size_t bytes) noexcept {
  if (bytes > SIZE_MAX / 4) return nullptr;
  auto source = BlockHead::Source::parser_memory;
  void* place = in_use == nullptr ? nullptr : in_use->take(sizeof(BlockHead) + bytes);
  if (place == nullptr) {
    source = BlockHead::Source::heap;
    place = std::calloc(1, sizeof(BlockHead) + bytes);
  }
  return place == nullptr ? nullptr : behind(new (place) BlockHead{bytes, source});
}

void give_back(void* block) noexcept {
  if (block == nullptr) return;
  auto* const head = head_of(block);
  if (head->source == BlockHead::Source::heap) std::free(head);
}

// Room to grow is doubled, so that what is left behind is no more than what is used in the end.
void* enlarge(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return take_block(bytes);
  const std::size_t before = head_of(block)->capacity;
  if (bytes <= before) return block;
  if (bytes > SIZE_MAX / 4) return nullptr;
  void* const larger = take_block(std::bit_ceil(bytes));
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, before);
  give_back(block);
  return larger;
}

}  // namespace

ParserMemory::ParserMemory(std::size_t bytes) : size_(std::max<std::size_t>(bytes, 1)) {
  void* const place = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  begin_ = static_cast<char*>(place);
}

ParserMemory::~ParserMemory() {
  munmap(begin_, size_);
}

ParserMemory::Use::Use(ParserMemory& memory) noexcept {
  in_use = &memory;
}

ParserMemory::Use::~Use() {
  in_use = nullptr;
}

void* ParserMemory::take(std::size_t bytes) noexcept {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  if (bytes > size_ - taken_) return nullptr;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* const place = begin_ + taken_;
  taken_ = std::min(taken_ + rounded, size_);
  return place;
}

}  // namespace dkim::crypto

// The archive's copy calls these in place of the C library's functions of the same names.
extern "C" {

void* dkim_libconfig_malloc(std::size_t bytes) noexcept {
  return dkim::crypto::take_block(bytes);
}

void* dkim_libconfig_calloc(std::size_t count, std::size_t bytes) noexcept {
  if (bytes != 0 && count > SIZE_MAX / bytes) return nullptr;
  return dkim::crypto::take_block(count * bytes);
}

void* dkim_libconfig_realloc(void* block, std::size_t bytes) noexcept {
  return dkim::crypto::enlarge(block, bytes);
}

char* dkim_libconfig_strdup(const char* text) noexcept {
  const std::size_t bytes = std::strlen(text) + 1;
  void* const copy = dkim::crypto::take_block(bytes);
  return copy == nullptr ? nullptr : static_cast<char*>(std::memcpy(copy, text, bytes));
}

// An archive built with an old C library, whose strdup(3) is a macro, calls it by this name.
char* dkim_libconfig_builtin_strdup(const char* text) noexcept {
  return dkim_libconfig_strdup(text);
}

void dkim_libconfig_free(void* block) noexcept {
  dkim::crypto::give_back(block);
}

}  // extern "C"
