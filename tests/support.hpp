// What tests of all rooms share: the exact message of an error, and the public measurement data.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
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
