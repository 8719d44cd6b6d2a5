// What the tests of ridgeline search and explain share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/app/support.hpp"

namespace ridgeline {

/// Ends in a space, for further options.
inline const std::string kQuickSearch =
    "search --space bert-grid --devices raspberry-pi-4,jetson-nano-gpu --evaluations 3000 ";

inline std::string complaint_of(const std::string& line) {
  const RunResult result = run_line(line);
  EXPECT_EQ(result.exit_code, 2) << line;
  EXPECT_EQ(result.out, "");
  const std::size_t at = result.err.find("error: ");
  return at == std::string::npos ? result.err : result.err.substr(at);
}

/// What does not depend on how fast the machine is.
inline nlohmann::json answer(nlohmann::json json) {
  json.erase("seconds");
  json.erase("out");
  return json;
}

}  // namespace ridgeline
