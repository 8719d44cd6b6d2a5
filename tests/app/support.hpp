// Runs command lines inside the test process, as the program does.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

#include "app/run.hpp"
#include "tests/support.hpp"

namespace ridgeline {

struct RunResult {
  int exit_code = 0;
  std::string out, err;
};

inline RunResult run_words(const std::vector<std::string>& words, const Style& style = {}) {
  std::ostringstream out, err;
  const int exit_code = run(words, style, out, err);
  return {exit_code, out.str(), err.str()};
}

/// "estimate bert-base --device t4", split at spaces; 'quoted words' stay together.
inline std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, any = false;
  for (const char c : line) {
    if (c == '\'' || c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words.push_back(word);
  return words;
}

inline RunResult run_line(const std::string& line) { return run_words(split_words(line)); }

/// The JSON of a command that must succeed.
inline nlohmann::json json_of(const std::string& line) {
  const RunResult result = run_line(line + " --json");
  EXPECT_EQ(result.exit_code, 0) << line << "\n" << result.err;
  return result.exit_code == 0 ? nlohmann::json::parse(result.out) : nlohmann::json();
}

}  // namespace ridgeline
