// A small text file for other programs, replaced whole: a reader sees the old content or the new one.
#pragma once

#include <filesystem>
#include <string_view>

namespace dkim::milter {

// Writes ".NAME.new" beside the path, readable by everyone, and renames it. Not synced: what is lost in a
// power cut is written anew. What a killed writer left under that name is replaced. Throws crypto::StoreError
// with the path and the reason, and then nothing new is left behind.
void replace_text_file(const std::filesystem::path& path, std::string_view content);

}  // namespace dkim::milter
