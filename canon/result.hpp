// An answer or the reason why there is none.
//
// For ordinary refusals of outside input: a mailbox that does not parse, a record with a syntax error.
// Faults (no memory, a broken key file) are exceptions and never travel this way.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace dkim::canon {

// Why an input was refused: words for a person, and the octet (from 0) at which it was noticed.
// The reason never contains octets of the input, so that it is safe to log.
struct Refusal {
  std::string reason;
  std::size_t octet = 0;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Result(Refusal refusal) : state_(std::move(refusal)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return std::holds_alternative<T>(state_); }

  // Only after a check; otherwise std::bad_variant_access.
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Refusal& refusal() const { return std::get<Refusal>(state_); }

 private:
  std::variant<T, Refusal> state_;
};

}  // namespace dkim::canon
