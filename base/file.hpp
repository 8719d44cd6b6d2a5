// Whole files: reading them, and writing results so that nobody ever sees half of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ridgeline {

/// All bytes of a file; of a pipe until it ends. InputError that names the file and the reason when it is missing, a
/// folder, or cannot be read.
std::string read_file(const std::filesystem::path& file);

/// Writes `content` to a temporary file beside `file`, flushes it to the disk and renames it over `file`: a reader, a
/// power cut or Ctrl-C sees the old file or the new one. An existing file keeps its permissions, a symbolic link its
/// target. Pipes and devices such as /dev/stdout cannot be renamed over and are written directly. Throws Error, with
/// `file` as it was and no temporary left behind, when the folder is missing, not writable or full.
void write_file_atomically(const std::filesystem::path& file, std::string_view content);

}  // namespace ridgeline
