// Whoever runs models: a program of its own that links libtorch (calib/live/run.cpp), or a test.
//
// The program reads one JSON document a line on stdin and answers each with one on stdout:
//   {"load": {"model": YAML, "task", "batch", "length", "new_tokens", "beams", "precision", "optimiser",
//             "threads", "seed"}}
//     -> {"parameters": N}
//   {"run": TIMES}      -> {"start": s, "end": s, "runs": [{"PHASE": s, ...}, ...]}
//   {"operators": TIMES} -> {"start", "end", "operators": [{"phase", "vertex", "label", "seconds": [s, ...]}, ...]}
//   {"record": {as for load}}  -> {"calls": JSON of calib/live/recording.hpp, as text}
//   {"products": {"precision", "threads", "seconds"}}  -> {"rate": FLOP/s, or null where there are none}
//   {"reading": {"bytes", "threads", "seconds"}}       -> {"rate": B/s}
//   {"about": THREADS}  -> {"libtorch": "1.13.1", "blas": FILE, ...}
// or with {"error": "..."}. Times are of CLOCK_MONOTONIC, which all programs of a machine share, so a power trace of
// another program can be laid over them. One program runs one model after the other; it is started again when it
// dies, as it does where memory runs out.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/precision.hpp"
#include "base/quantity.hpp"
#include "data/measurement.hpp"
#include "model/given_graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// One operator of the program, at its place.
struct OperatorRuns {
  MeasuredOperator op;
  std::vector<double> seconds;  ///< by run
};

/// Runs back to back: what each took by phase, in the order of the phases.
struct Runs {
  double start = 0, end = 0;                                        ///< s, CLOCK_MONOTONIC
  std::vector<std::vector<std::pair<std::string, double>>> phases;  ///< s by run
  std::vector<OperatorRuns> operators;                              ///< empty unless asked for

  /// s of one run: all its phases.
  double seconds(std::size_t run) const;
};

/// What was asked for was not there in time. The program that was at it has been ended: nothing is loaded any more.
class TookTooLong : public Error {
  using Error::Error;
};

/// `patience`: s that an answer may take; TookTooLong after that.
struct ModelRunner {
  /// Starts the program where it does not run, and waits until it answers: libtorch takes a while. May be empty.
  std::function<void()> ready;
  /// Makes the model ready; Error when it cannot run.
  std::function<void(const Model&, const Workload&, double patience)> load;
  /// Runs it that often; Error when the program died.
  std::function<Runs(std::size_t times, double patience)> run;
  /// The same, operator by operator: of each phase its first graph.
  std::function<Runs(std::size_t times, double patience)> run_operators;
  /// The calls of libtorch that the model makes, for the agent: JSON of calib/live/recording.hpp.
  std::function<std::string(const Model&, const Workload&)> record;
  /// FLOP/s of large products (calib/live/rates.hpp); nothing where libtorch has none in that format.
  std::function<std::optional<double>(Precision, double seconds)> product_rate;
  /// B/s of reading so many bytes again and again.
  std::function<double(Bytes, double seconds)> read_rate;
  std::function<std::map<std::string, std::string>()> about;  ///< versions and settings, for the record
  std::function<int()> process;                               ///< number of the process that runs; 0: this one
};

struct RunnerOptions {
  int threads = 1;
  std::uint64_t seed = 0;
  std::filesystem::path program;  ///< empty: ridgeline-run, looked for as calib/child_process.hpp says
};

/// Starts the program when it is first needed, ends it with the last copy.
ModelRunner start_runner(const RunnerOptions& options);

}  // namespace ridgeline
