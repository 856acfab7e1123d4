// libconfig 1.5 leaks the text of a string that a syntax error cuts off. We cannot fix that, and the number
// of broken files limits it. Our own leaks still count.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_options();       // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __lsan_default_suppressions() {
  return "leak:libconfig++.so";
}

// Prints no list of what was suppressed.
extern "C" const char* __lsan_default_options() {
  return "print_suppressions=0";
}
