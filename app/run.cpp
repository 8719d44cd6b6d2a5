#include "app/run.hpp"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <utility>

#include "app/command_line.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace ridgeline {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

/// As it may be typed again; words with blanks in quotes.
std::string typed(const std::vector<std::string>& arguments) {
  std::string line = "ridgeline";
  for (const std::string& word : arguments)
    line += word.find_first_of(" \t") == std::string::npos ? " " + word : " '" + word + "'";
  return line;
}

int run_or_throw(const std::vector<std::string>& arguments, const Style& style, std::ostream& out,
                 std::ostream& err) {
  const Invocation invocation = parse_command_line(arguments);
  const CommonOptions& common = invocation.common;
  const bool terminal = &err == &std::cerr && isatty(STDERR_FILENO) != 0;
  const Session session{common.out.empty() ? style : Style{}, make_log(err, common.verbose, common.log_file),
                        typed(arguments), make_progress(err, terminal)};
  const Outcome outcome = invocation.action.run(session);
  write_also(outcome);
  const bool makes_file = outcome.file.has_value();
  if (!common.out.empty()) {
    write_file_atomically(common.out, makes_file ? *outcome.file : outcome.output);
    session.log->info("wrote {}", common.out);
  }
  if (common.out.empty() || makes_file) {
    out << outcome.output << std::flush;
    if (!out) throw Error("stdout: cannot be written");
  }
  return outcome.exit_code;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Style& style, std::ostream& out, std::ostream& err) {
  try {
    return run_or_throw(arguments, style, out, err);
  } catch (const Error& error) {
    err << "error: " << error.what() << "\n";
    return kBadInput;
  } catch (const std::exception& error) {
    err << "error: " << error.what() << "\n";
    return kFailed;
  }
}

}  // namespace ridgeline
