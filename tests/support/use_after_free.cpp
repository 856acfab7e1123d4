// Given an argument, uses memory after it was freed, which AddressSanitizer must report.
#include <memory>

int main(int argc, char**) {
  auto owner = std::make_unique<volatile int>(0);
  const volatile int* const value = owner.get();
  if (argc > 1) owner.reset();
  return *value;
}
