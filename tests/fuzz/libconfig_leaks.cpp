// libconfig 1.5 forgets the text of a string that a syntax error cuts off. Not ours to mend, and bounded by
// the number of broken files that are read; leaks of our own still count.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_options();       // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __lsan_default_suppressions() {
  return "leak:libconfig++.so";
}

// Not each time anew.
extern "C" const char* __lsan_default_options() {
  return "print_suppressions=0";
}
