// Pauses of random length, so that the machines that lost a server at the same moment do not come back at the
// same moment. One per thread.
#pragma once

#include <chrono>
#include <random>

namespace dkim::keytool::fleet {

class Pauses {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // Before another attempt, after that many failures in a row, which are 1 or more: half of its limit at
  // least. The limit is `first` after one failure, and twice as long after each further one, up to `longest`.
  Milliseconds after(int failures, Milliseconds first, Milliseconds longest);

  Milliseconds between(Milliseconds least, Milliseconds most);

 private:
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace dkim::keytool::fleet
