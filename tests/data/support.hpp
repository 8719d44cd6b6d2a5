// What the tests of the data room share: hand-made files, and files written on the spot.
#pragma once

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support.hpp"

namespace ridgeline {

/// A hand-made file beside the tests; its figures are invented.
inline std::filesystem::path made(const std::string& name) {
  return std::filesystem::path(RIDGELINE_SOURCE_DIR) / "tests/data/made" / name;
}

inline std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A folder of this process that is gone when the test ends.
class Folder {
 public:
  Folder() : path_(std::filesystem::path(testing::TempDir()) / ("ridgeline_data_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Writes a file, with its folders.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ridgeline
