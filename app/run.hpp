// The whole program but its process: words in, text and exit code out.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "app/session.hpp"

namespace ridgeline {

/// Runs one command line (without the program's name). Results go to `out` or to the file of --out, errors and the
/// log to `err`; returns the exit code. Throws nothing.
int run(const std::vector<std::string>& arguments, const Style& style, std::ostream& out, std::ostream& err);

}  // namespace ridgeline
