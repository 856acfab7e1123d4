#include "crypto/memory_reserve.hpp"

#include <cstdlib>
#include <new>
#include <vector>

namespace dkim::crypto {
namespace {

// Less than what malloc(3) takes from the system apart from its arenas, to give it back when it is freed.
constexpr std::size_t block_size = 64 << 10;

// What other threads of the same arena may take meanwhile, which is some hundred microseconds.
constexpr std::size_t taken_by_others = 4 << 20;

}  // namespace

void MemoryReserve::Free::operator()(void* block) const {
  std::free(block);
}

MemoryReserve::MemoryReserve(std::size_t octets) {
  std::vector<std::unique_ptr<void, Free>> blocks((octets + taken_by_others) / block_size + 1);
  for (auto& block : blocks) {
    block.reset(std::malloc(block_size));
    if (!block) throw std::bad_alloc();
  }
  last_.reset(std::malloc(block_size));
  if (!last_) throw std::bad_alloc();
}

}  // namespace dkim::crypto
