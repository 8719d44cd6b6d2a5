// Files below a folder of their own in the place of /proc and /sys.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "calib/child_process.hpp"

namespace ridgeline {

/// Writes a file, with the folders that it stands in.
inline void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

/// Counters of a machine of two processors, and of process 42.
class RecordedTree {
 public:
  const std::filesystem::path& root() const { return folder_.path(); }
  void stat(double user, double idle) const {
    write(root() / "proc/stat", processor_line("cpu", user, idle) + processor_line("cpu0", user / 2, idle / 2) +
                                    processor_line("cpu1", user / 2, idle / 2) + "intr 5\n");
  }
  void process(double seconds, const std::string& number = "42") const {
    const std::string ticks = std::to_string(static_cast<long>(100 * seconds));
    write(root() / "proc" / number / "stat",
          "42 (a (strange) name) S 1 1 1 0 -1 4194304 100 0 0 0 " + ticks + " 0 0 0\n");
  }

 private:
  static std::string processor_line(const std::string& name, double user, double idle) {
    return name + " " + std::to_string(static_cast<long>(100 * user)) + " 0 0 " +
           std::to_string(static_cast<long>(100 * idle)) + " 0 0 0 0 0 0\n";
  }
  PrivateFolder folder_;
};

}  // namespace ridgeline
