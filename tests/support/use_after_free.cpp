// A fault that AddressSanitizer must report, in a build where tests rely on that: with an argument.
#include <memory>

int main(int argc, char**) {
  auto owner = std::make_unique<volatile int>(0);
  const volatile int* const octets = owner.get();
  if (argc > 1) owner.reset();
  return *octets;
}
