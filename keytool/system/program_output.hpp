// What becomes of the output of a program that keytool/system/program runs: shown, or kept. Throws
// std::bad_alloc only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dkim::keytool {

class OutputListener {
 public:
  OutputListener() = default;
  OutputListener(const OutputListener&) = delete;
  OutputListener& operator=(const OutputListener&) = delete;
  virtual ~OutputListener() = default;

  virtual void take(std::string_view bytes) = 0;
  // Whether the program is to be killed because it prints too much.
  virtual bool is_over_limit() const = 0;
};

// Shows what the program prints on standard error: a line at a time, made safe for a terminal, and with the
// program's name in front. Reads what exceeds 64 KiB and throws it away.
class LineEcho final : public OutputListener {
 public:
  explicit LineEcho(std::string_view program_name);

  void take(std::string_view bytes) override;
  bool is_over_limit() const override { return false; }
  // Shows what the last line has, without a line end.
  void show_line();

 private:
  std::string name_;
  std::string line_;
  std::size_t shown_ = 0;
};

// Keeps what the program prints, up to a limit.
class Capture final : public OutputListener {
 public:
  explicit Capture(std::size_t limit) : limit_(limit) {}

  void take(std::string_view bytes) override;
  bool is_over_limit() const override { return is_over_limit_; }

  std::string text() && { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
  bool is_over_limit_ = false;
};

}  // namespace dkim::keytool
