// Replaces a small text file for other programs as a whole: a reader sees the old content or the new one.
#pragma once

#include <filesystem>
#include <string_view>

namespace dkim::crypto {

// Writes ".NAME.new" beside the path, readable by everyone, and renames it; replaces what a killed writer
// left under that name. Does not sync the file, which is soon written again. Throws StoreError with the path
// and the reason, and then leaves nothing new behind.
void replace_text_file(const std::filesystem::path& path, std::string_view content);

}  // namespace dkim::crypto
