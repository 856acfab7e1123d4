#include "keytool/system/postconf.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/system/program.hpp"

namespace dkim::keytool {
namespace {

constexpr std::chrono::seconds patience{20};
constexpr std::size_t most_bytes = 1 << 20;

// Ignores PATH: this is run as root.
std::optional<std::filesystem::path> find_postconf() {
  for (const auto* path : {"/usr/sbin/postconf", "/usr/local/sbin/postconf", "/usr/bin/postconf"}) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return std::nullopt;
}

std::filesystem::path postconf_program() {
  if (auto program = find_postconf()) return *std::move(program);
  throw crypto::Error("there is no postconf in /usr/sbin: Postfix is not installed here");
}

// The last line says why it failed; warnings may come before.
std::string_view last_line(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  const auto before = text.rfind('\n');
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

}  // namespace

bool has_postconf() {
  return find_postconf().has_value();
}

std::string run_postconf(const std::string& directory, std::vector<std::string> arguments) {
  if (!directory.empty()) arguments.insert(arguments.begin(), {"-c", directory});
  auto result = capture_program(postconf_program(), arguments, patience, most_bytes);
  if (result.status == 0) return std::move(result.output);
  const std::string line(last_line(result.errors));
  throw crypto::Error(line.empty() ? fmt::format("postconf fails: status {}", result.status)
                                   : fmt::format("postconf fails: {}", line));
}

std::string followed_origin(const std::string& myorigin) {
  if (!myorigin.starts_with('/')) return myorigin;
  constexpr std::size_t largest_file = 4096;
  const std::filesystem::path path = myorigin;
  try {
    const auto file = crypto::open_regular_file(path);
    if (!file) return myorigin;
    const auto bytes = crypto::read_all(*file, path, largest_file);
    const auto text = crypto::view(bytes);
    return std::string(canon::trim_fws(text.substr(0, text.find('\n'))));
  } catch (const crypto::Error&) {
    return myorigin;  // unknown, and not a domain
  }
}

}  // namespace dkim::keytool
