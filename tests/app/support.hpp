// Runs command lines inside the test process, as the program does.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/run.hpp"

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

/// An empty folder that disappears with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ridgeline-app-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
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

}  // namespace ridgeline
