#include "app/run.hpp"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <utility>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace ridgeline {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

struct Runner {
  const Session& session;

  Outcome operator()(const PrintOptions& options) const { return {options.text}; }
  Outcome operator()(const EstimateOptions& options) const { return run_estimate(options, session); }
  Outcome operator()(const CompareOptions& options) const { return run_compare(options, session); }
  Outcome operator()(const DevicesOptions& options) const { return run_devices(options, session); }
  Outcome operator()(const RuntimesOptions& options) const { return run_runtimes(options, session); }
  Outcome operator()(const ModelsOptions& options) const { return run_models(options, session); }
  Outcome operator()(const ProbeOptions& options) const { return run_probe(options, session); }
  Outcome operator()(const ImportOptions& options) const { return run_import(options, session); }
  Outcome operator()(const CalibrateCommandOptions& options) const {
    return options.ship.empty() ? run_calibrate(options, session) : run_ship(options, session);
  }
  Outcome operator()(const ValidateOptions& options) const { return run_validate(options, session); }
};

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
  const Outcome outcome = std::visit(Runner{session}, invocation.command);
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
