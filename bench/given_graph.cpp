// How long an operator graph runs beside the architecture that it is the graph of (docs/convert.md).
//
//   ridgeline_given_bench GRAPH.yaml MODEL [RUNS]
//
// Both run in turn, for the same task, batch and length; of each the fastest run and the median are printed.
// OMP_NUM_THREADS says on how many threads.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/live/execution.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

double seconds_of_a_run(Execution& execution) {
  double all = 0;
  for (const PhaseTime& phase : execution.run()) all += phase.seconds;
  return all;
}

void run(const std::string& graph_file, const std::string& model_name, int runs) {
  const Model graph = load_model_or_graph(graph_file), model = load_model_or_graph(model_name);
  const auto* given = std::get_if<GivenGraph>(&graph);
  if (!given) throw Error(graph_file + " is no operator graph");
  const Workload workload = workload_of(*given);
  Execution by_graph(graph, workload), by_architecture(model, workload);
  std::vector<double> theirs, ours;
  for (int i = 0; i < runs; ++i) {
    theirs.push_back(seconds_of_a_run(by_graph));
    ours.push_back(seconds_of_a_run(by_architecture));
  }
  const auto line = [](const std::string& name, const std::vector<double>& seconds) {
    fmt::print("{}: fastest {:.3f} ms, median {:.3f} ms\n", name, 1e3 * *std::ranges::min_element(seconds),
               1e3 * median(seconds));
  };
  line(graph_file, theirs);
  line(model_name, ours);
  fmt::print("graph / architecture: {:.3f} (fastest), {:.3f} (median)\n",
             *std::ranges::min_element(theirs) / *std::ranges::min_element(ours), median(theirs) / median(ours));
}

}  // namespace
}  // namespace ridgeline

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "usage: {} GRAPH.yaml MODEL [RUNS]\n", words[0]);
    return 2;
  }
  try {
    ridgeline::run(words[1], words[2], count > 3 ? std::max(std::atoi(words[3]), 1) : 150);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  }
}
