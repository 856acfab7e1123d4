// milter/config and crypto/settings on files, which may include other files, whether those exist or not. The
// configuration equals that of the text with all files put into it, each line has a place in a file, and an
// error names a file.
#include <algorithm>
#include <cstdint>
#include <fstream>

#include "crypto/error.hpp"
#include "crypto/settings/settings_source.hpp"
#include "milter/config.hpp"
#include "tests/fuzz/file_tree.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

std::size_t lines_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return 1 + static_cast<std::size_t>(
                 std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
}

// Requires each line that libconfig gets to have a place in a file.
void require_places(const crypto::SettingsSource& source, const std::string& directory) {
  const auto lines = 1 + std::count(source.text().begin(), source.text().end(), '\n');
  for (long line = 1; line <= lines; ++line) {
    const auto place = source.place(static_cast<std::size_t>(line));
    const auto colon = place.rfind(':');
    test::require(place.starts_with(directory) && colon != std::string::npos, "a place is in a file");
    const auto number = std::stoul(place.substr(colon + 1));
    test::require(number >= 1 && number <= lines_of(place.substr(0, colon)),
                  "the file has the line of a place");
  }
}

// Returns what the daemon makes of the configuration: its settings, or the error, with `failed` set.
template <typename Read>
std::string outcome(const Read& read, bool& failed) {
  try {
    return milter::config_text(read());
  } catch (const crypto::SettingsError& error) {
    failed = true;
    return error.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static test::FileTree tree("dkimsignd.conf");
  if (!tree.fill({reinterpret_cast<const char*>(data), size})) return 0;
  const auto file = tree.file().string();
  const crypto::ConfigurationFile configuration{file, crypto::ConfigurationFile::IfMissing::fail};
  bool failed = false;
  const auto said = outcome([&] { return milter::read_config(configuration); }, failed);
  if (failed) test::require(said.starts_with(tree.directory().string()), "an error names a file");
  if (tree.text().find('@') == std::string::npos) {
    bool text_failed = false;
    const auto of_text = outcome([&] { return milter::parse_config(tree.text(), file); }, text_failed);
    test::require(said == of_text && failed == text_failed, "a file says what its text says");
  }
  try {
    const auto source = crypto::SettingsSource::read(file);
    test::require(source.name() == file, "the file has its name");
    test::require(source.text().size() <= crypto::most_settings_bytes + crypto::most_includes,
                  "the text is bounded");
    require_places(source, tree.directory().string());
    // A second byte order mark is a syntax error in the file, and the first one of the text.
    if (source.text().starts_with("\xef\xbb\xbf")) return 0;
    bool flat_failed = false;
    const auto flat = outcome([&] { return milter::parse_config(source.text(), "flat"); }, flat_failed);
    test::require(flat_failed == failed && (failed || flat == said),
                  "the whole text says what the files say");
  } catch (const crypto::SettingsError& error) {
    test::require(failed && said == error.what(), "a file that cannot be read is not a configuration");
  }
  return 0;
}
