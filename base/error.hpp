// The two exceptions of Ridgeline. Commands turn both into one message on stderr and exit code 2.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ridgeline {

/// Anything that stops a command: the message is complete and meant for the user.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where in a user's input something stands. Line and column count from 1; 0 means "not known".
struct InputLocation {
  std::string file;  ///< a path, or a word such as "--set" for the command line
  int line = 0;
  int column = 0;
  std::string key;  ///< dotted path of the key, e.g. "memory.dram.bandwidth"; empty for the whole file
};

/// Wrong input from a user. what() reads
///   `FILE:LINE:COLUMN: KEY: PROBLEM` and, where given, `; HINT`.
class InputError : public Error {
 public:
  InputError(InputLocation location, std::string_view problem, std::string_view hint = {});
  const InputLocation& location() const { return location_; }

 private:
  InputLocation location_;
};

/// Insertions, deletions, replacements and swaps of neighbouring letters that lead from `a` to `b` (optimal string
/// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The member of `valid` nearest to `name` by edit distance; where none is near enough to be a typo (more than a
/// third of the letters differ), the only one that begins with `name`; else an empty string.
std::string nearest_name(std::string_view name, const std::vector<std::string>& valid);

/// "unknown KIND 'NAME'; did you mean 'NEAREST'? KINDs are: A, B, C" as an InputError at `location`.
[[noreturn]] void throw_unknown_name(const InputLocation& location, std::string_view kind, std::string_view name,
                                     const std::vector<std::string>& valid);

}  // namespace ridgeline
