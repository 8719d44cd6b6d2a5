#include "tests/architecture/source_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

namespace ridgeline {
namespace {

bool is_header(std::string_view path) { return path.ends_with(".hpp"); }
bool is_cpp(std::string_view path) { return is_header(path) || path.ends_with(".cpp"); }

bool is_text(const std::filesystem::path& path) {
  constexpr std::array endings{".cpp", ".hpp", ".cmake", ".txt", ".md", ".yaml", ".json", ".sh", ".py", ".in", ""};
  return std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
}

std::string_view room_of(std::string_view path) { return path.substr(0, path.find('/')); }

/// Height of a room in the house; nothing for tests, bench, examples and what is no room at all.
std::optional<int> level_of(std::string_view room) {
  constexpr std::array<std::string_view, 6> rooms{"base", "hwdesc", "model", "data", "calib", "search"};
  if (room == "app" || room == "python") return static_cast<int>(rooms.size());
  const auto found = std::find(rooms.begin(), rooms.end(), room);
  if (found == rooms.end()) return std::nullopt;
  return static_cast<int>(found - rooms.begin());
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

bool is_torch(std::string_view path) { return starts_with_any(path, {"torch/", "ATen/", "c10/", "caffe2/"}); }
bool is_onnx(std::string_view path) { return starts_with_any(path, {"onnx/", "google/protobuf/"}); }
bool is_hdf5(std::string_view path) { return starts_with_any(path, {"hdf5", "H5"}); }

/// What is wrong with one include of `file`; empty when nothing is.
std::string complaint(const SourceFile& file, const Include& include) {
  const bool live = file.path.starts_with("calib/live/");
  const bool tensor =
      live && include.path == "ATen/core/Tensor.h";  // the one header of libtorch that is quick to read
  if (is_torch(include.path) && is_header(file.path) && !tensor) return "a header must not include libtorch";
  if (is_torch(include.path) && !live && !file.path.starts_with("tests/live/"))
    return "only calib/live/*.cpp may include libtorch";
  const bool onnx = file.path.starts_with("model/onnx/") || file.path.starts_with("tests/onnx/");
  if (is_onnx(include.path) && !onnx) return "only model/onnx/ may include ONNX";
  const std::string_view room = room_of(file.path);
  if (is_hdf5(include.path) && room != "data") return "only data/ may include HDF5";
  if (!include.quoted) return {};
  if (include.path.starts_with("model/onnx/") && !onnx) return "model/onnx is a program of its own";

  const std::string_view target = room_of(include.path);
  const std::optional<int> level = level_of(room);
  if (!level) return {};  // tests, bench and examples
  const std::optional<int> target_level = level_of(target);
  if (!target_level) return "a room must not include " + std::string(target) + "/";
  if (room == "app" || room == "python" || room == target) {
    if (room == "calib" && include.path.starts_with("calib/live/") && !live)
      return "calib/live is a program of its own";
    return {};
  }
  if (*target_level >= *level) return std::string(room) + "/ must not include " + std::string(target) + "/";
  if (include.path.starts_with("calib/live/")) return "calib/live is a program of its own";
  if (room == "search" && include.path == "hwdesc/device_file.hpp") return "search/ takes no device file";
  return {};
}

std::string at(const SourceFile& file, int line) { return file.path + ":" + std::to_string(line) + ": "; }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Whether `word` stands in `text` with no letter before it and, unless it ends in '/', none after it.
bool contains_word(std::string_view text, std::string_view word) {
  for (std::size_t i = text.find(word); i != std::string_view::npos; i = text.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    const bool free_before = i == 0 || !(is_word(text[i - 1]) || text[i - 1] == '.' || text[i - 1] == '}');
    const bool free_after =
        word.ends_with('/') ? end < text.size() && is_word(text[end]) : end == text.size() || !is_word(text[end]);
    if (free_before && free_after) return true;
  }
  return false;
}

}  // namespace

SourceFile parse_source(std::string path, std::string text) {
  SourceFile file{std::move(path), std::move(text), {}};
  if (!is_cpp(file.path)) return file;
  std::istringstream lines(file.text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string hash;
    words >> hash;
    if (hash == "#") {
      words >> line;
      hash += line;
    }
    if (!hash.starts_with("#include")) continue;
    std::string rest = hash.substr(8), more;
    std::getline(words >> std::ws, more);
    rest += more;
    const std::size_t end = rest.find_first_of("\">", 1);
    if (end != std::string::npos) file.includes.push_back({rest.substr(1, end - 1), rest[0] == '"', number});
  }
  return file;
}

std::vector<SourceFile> read_tree(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(root); entry != end(entry); ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory()) {
      if ((name.starts_with('.') && name != ".ci") || name == "build" || name == "__pycache__")
        entry.disable_recursion_pending();
      continue;
    }
    if (name.starts_with('.') || !entry->is_regular_file() || !is_text(entry->path()) ||
        entry->file_size() > 1'000'000)
      continue;
    std::ifstream stream(entry->path(), std::ios::binary);
    files.push_back(parse_source(entry->path().lexically_relative(root).generic_string(),
                                 {std::istreambuf_iterator<char>(stream), {}}));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> include_violations(const std::vector<SourceFile>& files) {
  std::vector<std::string> violations;
  const auto exists = [&](const std::string& path) {
    return std::any_of(files.begin(), files.end(), [&](const SourceFile& file) { return file.path == path; });
  };
  for (const SourceFile& file : files) {
    if (is_header(file.path) && file.text.find("#pragma once") == std::string::npos)
      violations.push_back(at(file, 1) + "a header needs #pragma once");
    for (const Include& include : file.includes) {
      std::string problem = complaint(file, include);
      if (problem.empty() && include.quoted && !exists(include.path))
        problem = "\"" + include.path + "\" is no file of this tree, as seen from its root";
      else if (!problem.empty())
        problem = "includes " + include.path + ": " + problem;
      if (!problem.empty()) violations.push_back(at(file, include.line) + problem);
    }
  }
  return violations;
}

std::vector<std::string> include_cycles(const std::vector<SourceFile>& files) {
  enum class Visit { none, open, done };
  std::map<std::string, const SourceFile*, std::less<>> by_path;
  for (const SourceFile& file : files) by_path[file.path] = &file;
  std::map<const SourceFile*, Visit> visited;
  std::vector<const SourceFile*> trail;
  std::vector<std::string> cycles;

  const auto visit = [&](const auto& self, const SourceFile* file) -> void {
    visited[file] = Visit::open;
    trail.push_back(file);
    for (const Include& include : file->includes) {
      const auto found = by_path.find(include.path);
      if (!include.quoted || found == by_path.end()) continue;
      const SourceFile* next = found->second;
      if (visited[next] == Visit::none) self(self, next);
      if (visited[next] != Visit::open) continue;
      std::string cycle;
      for (auto step = std::find(trail.begin(), trail.end(), next); step != trail.end(); ++step)
        cycle += (*step)->path + " -> ";
      cycles.push_back(cycle + next->path);
    }
    trail.pop_back();
    visited[file] = Visit::done;
  };
  for (const SourceFile& file : files)
    if (visited[&file] == Visit::none) visit(visit, &file);
  return cycles;
}

std::vector<std::string> text_violations(const std::vector<SourceFile>& files) {
  // Written in halves, so that this file does not complain about itself.
  const std::array unfinished{std::string("TO") + "DO", std::string("FIX") + "ME", std::string("XX") + "X",
                              std::string("HA") + "CK"};
  const std::array folders{std::string("/ho") + "me/", std::string("/Us") + "ers/", std::string("/ro") + "ot/",
                           std::string("/wo") + "rk/"};
  std::vector<std::string> violations;
  for (const SourceFile& file : files) {
    std::istringstream lines(file.text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      for (const std::string& word : unfinished)
        if (contains_word(line, word)) violations.push_back(at(file, number) + "unfinished work: " + word);
      for (const std::string& folder : folders)
        if (contains_word(line, folder)) violations.push_back(at(file, number) + "a path of one machine: " + folder);
    }
  }
  return violations;
}

}  // namespace ridgeline
