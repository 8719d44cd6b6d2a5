// What tests of all rooms share: the exact message of an error, a folder to write into, and the public measurement
// data.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"

namespace ridgeline {

/// What `call` complains about; "(no error)" when it does not.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// An empty folder that disappears with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ridgeline-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name) << content;
    return (path_ / name).string();
  }
  bool empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::filesystem::path path_;
};

/// $RIDGELINE_SHARED_DATA, else shared/data beside the source tree. It need not exist: see RIDGELINE_NEEDS_DATA.
inline std::filesystem::path shared_data() {
  if (const char* folder = std::getenv("RIDGELINE_SHARED_DATA")) return folder;
  return std::filesystem::path(RIDGELINE_SOURCE_DIR).parent_path() / "shared" / "data";
}

}  // namespace ridgeline

/// Skips the test when `path` below the measurement data is not there.
#define RIDGELINE_NEEDS_DATA(path)                                 \
  if (!std::filesystem::exists(ridgeline::shared_data() / (path))) \
  GTEST_SKIP() << "no measurement data at " << (ridgeline::shared_data() / (path))
