// An answer, or the reason why there is none.
//
// This is for ordinary refusals of input from outside: a mailbox that does not parse, a record with a syntax
// error. Faults (no memory, a damaged key file) are exceptions (crypto/error.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace dkim::canon {

// Why an input was refused: words for a person, and the position in bytes (from 0) at which that was noticed.
// The reason never contains bytes of the input, so it is safe to log.
struct Refusal {
  std::string reason;
  std::size_t byte = 0;
};

// Failure: Refusal, or a type of its own where a caller has to tell refusals apart.
template <typename T, typename Failure = Refusal>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Result(Failure refusal) : state_(std::move(refusal)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return std::holds_alternative<T>(state_); }

  // Throw std::bad_variant_access if there is no answer, or no refusal.
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Failure& refusal() const { return std::get<Failure>(state_); }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace dkim::canon
