// The rules of the house that a program can check, over the source files of a tree held in memory.
//
// Rooms, lowest first; a room includes itself and those below it (docs/architecture.md):
//   base, hwdesc, model, data, calib, search, and on top app and python.
// Beyond that: search takes no device file (hwdesc/device_file.hpp); only calib/live/*.cpp includes libtorch; only
// data/ includes HDF5; calib/live is a program of its own that only app, python and tests look into; tests, bench and
// examples may include any room, and nothing but themselves includes them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ridgeline {

struct Include {
  std::string path;     ///< as written between the quotes or brackets
  bool quoted = false;  ///< "..." and not <...>
  int line = 0;
};

struct SourceFile {
  std::string path;  ///< from the root, with '/'
  std::string text;
  std::vector<Include> includes;  ///< of C++ files only
};

SourceFile parse_source(std::string path, std::string text);

/// Every text file of the tree: sources, build files, scripts, documents. What is hidden (except .ci/) or
/// built is left out.
std::vector<SourceFile> read_tree(const std::filesystem::path& root);

/// "FILE:LINE: what is wrong" for each include that breaks a rule above, names no file of the tree in quotes, or
/// stands in a header without `#pragma once`.
std::vector<std::string> include_violations(const std::vector<SourceFile>& files);

/// "a.hpp -> b.hpp -> a.hpp" for each cycle that a search from the files in order meets first.
std::vector<std::string> include_cycles(const std::vector<SourceFile>& files);

/// Unfinished work (words such as FIX-ME, written as one) and folders that exist on one machine only.
std::vector<std::string> text_violations(const std::vector<SourceFile>& files);

}  // namespace ridgeline
