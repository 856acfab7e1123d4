// libconfig 1.5 leaks the text of a string that a syntax error cuts off. We cannot fix that, and the number
// of broken files limits it; our own leaks still count.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_options();       // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __lsan_default_suppressions() {
  return "leak:libconfig++.so";
}

// Suppresses the leak once.
extern "C" const char* __lsan_default_options() {
  return "print_suppressions=0";
}
