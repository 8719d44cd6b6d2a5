// What every command is given besides its options, and what it hands back.
//
// A command returns its whole output as one string; it reaches stdout or the file of --out only when the command has
// succeeded. Everything else that is said goes to the log on stderr.
#pragma once

#include <spdlog/logger.h>

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/progress.hpp"

namespace ridgeline {

/// How results for people look. Not a terminal: no colours and 100 columns, so that files and tests are stable.
struct Style {
  bool colour = false;
  int width = 100;  ///< columns, 80 to 100
};

/// The style of this process's stdout: colours on a terminal unless NO_COLOR is set or TERM is "dumb".
Style stdout_style();

enum class Emphasis { none, bold, dim, warning };

/// `text` in that emphasis; unchanged without colour.
std::string styled(const Style& style, Emphasis emphasis, std::string_view text);

/// Warnings to `err` ("warning: ..."), with `verbose` also what the command does ("info: ..."); both to `file`, with
/// a time stamp, when one is named. Throws Error when that file cannot be opened.
std::shared_ptr<spdlog::logger> make_log(std::ostream& err, bool verbose, const std::string& file);

struct Session {
  Style style;
  std::shared_ptr<spdlog::logger> log;
  std::string command{};  ///< the command line, for the provenance of files
  Progress progress{};    ///< empty: nobody wants to know
};

/// A file that a command makes besides its output, for an option such as --html.
struct MadeFile {
  std::string path;
  std::string content;
};

/// Exit codes: 0 done, 1 failed, 2 bad input, 3 a gate is exceeded, 130 interrupted.
struct Outcome {
  std::string output;
  int exit_code = 0;
  /// For commands that make a file: what --out is for, while `output` goes to stdout.
  std::optional<std::string> file{};
  std::vector<MadeFile> also{};  ///< each is written whole or not at all, before `output`
};

void write_also(const Outcome& outcome);

}  // namespace ridgeline
