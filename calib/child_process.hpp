// Programs that are started to do one job, and the private folders that their files pass through.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace ridgeline {

/// A folder that only this user can enter; removed with everything in it at the end of its life.
class PrivateFolder {
 public:
  PrivateFolder();
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Looks in the folders of $RIDGELINE_LIBEXEC (separated by colons), beside the running program, and in
/// ../libexec/ridgeline from there. Error naming them all, and the `purpose` in scripts/packages.txt whose packages
/// it is built with, when it is in none.
std::filesystem::path find_program(const std::string& name, const std::string& purpose = "train");

/// A program that did not end well.
class ProgramError : public Error {
 public:
  ProgramError(const std::string& message, int exit_code, std::string said)
      : Error(message), exit_code_(exit_code), said_(std::move(said)) {}
  int exit_code() const { return exit_code_; }  ///< -1: ended by a signal
  const std::string& said() const { return said_; }

 private:
  int exit_code_;
  std::string said_;  ///< on stderr
};

/// Runs it to its end, its output kept from the terminal. ProgramError with what it wrote to stderr when it fails.
void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments);

}  // namespace ridgeline
