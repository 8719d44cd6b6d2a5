// How many candidates a second the whole loop evaluates: NSGA-II, the predictor, the archive, and, where a file is
// named, the journal.
//
//   ridgeline_search_bench [POPULATION] [SECONDS] [THREADS] [peak | -] [JOURNAL]
//
// FlexiBERT 2.0 over six devices; latency, energy and (for want of accuracies) capacity, with "peak" also peak power.
// Rates are per second of this process's CPU time, so that other work on the machine does little to them, and per
// second of real time.
#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "hwdesc/device_file.hpp"
#include "search/evaluator.hpp"
#include "search/nsga2.hpp"
#include "search/problem.hpp"
#include "search/recorder.hpp"
#include "search/space_file.hpp"

namespace ridgeline {
namespace {

constexpr std::array kDevices{"a100-pcie-40gb", "m1-pro-cpu",      "m1-pro-gpu",
                              "raspberry-pi-4", "jetson-nano-cpu", "jetson-nano-gpu"};

std::vector<Deployment> deployments(const SpaceDescription& space) {
  std::vector<Deployment> list;
  for (const char* name : kDevices) {
    const Device device = load_device(name);
    const Runtime runtime = load_runtime("pytorch-eager");
    Deployment d{.device = name, .precision = "fp32", .workload = space.workload};
    d.workload.fusion = runtime.fusion;
    d.workload.views = runtime.runs_views;
    d.parameters = data_sheet_parameters(device, runtime, d.workload.numerics);
    if (device.sensor) d.sensor_window = device.sensor->window;
    list.push_back(std::move(d));
  }
  return list;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double real_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// MB that the process has had so far.
long most_memory() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss / 1000;
}

void run(std::size_t population, double seconds, int threads, bool peak, const char* journal) {
  const SpaceDescription description = load_space("flexibert2");
  const std::vector<Deployment> where = deployments(description);
  const Space space = make_space(description, rows_of(where));
  Evaluator evaluator(space, make_family(description.family, space), where, {.peak_power = peak}, threads);
  SearchProblem problem;
  for (const char* objective : {"latency", "energy", "capacity", "peak_power"})
    if (peak || std::strcmp(objective, "peak_power") != 0) problem.objectives.push_back(parse_objective(objective));
  problem.predict = [&](const Population& designs, std::span<DesignFigures> figures) {
    evaluator.evaluate(designs, figures);
  };
  const std::size_t objectives = problem.objectives.size();
  AnyOptimiser optimiser(Nsga2(space, objectives, {.population = population, .seed = 1, .threads = threads}));
  ParetoArchive archive(space.genome_length(), objectives, 1000);
  std::optional<Journal> file;
  if (journal[0] != '\0') file = Journal::create(journal, {{"the space", "flexibert2"}});
  Recorder recorder(evaluate_of(problem), std::move(file), {.threads = threads});
  const auto evaluate = [&](Population& designs) { recorder.evaluate(designs); };
  const auto keep = [&](const Population& designs) {
    recorder.record(designs);
    archive.add(designs);
  };
  constexpr int kReports = 10;
  const double cpu_start = cpu_seconds(), real_start = real_seconds();
  double cpu_last = cpu_start, real_last = real_start;
  std::uint64_t done = 0, done_last = 0;
  run_search(optimiser, evaluate, UINT64_MAX,
             [&](const Population& designs, const AnyOptimiser& told) {
               done += designs.size();
               recorder.settle(done, told, archive);
               const double real = real_seconds();
               if (real - real_last >= seconds / kReports) {
                 const double cpu = cpu_seconds(), candidates = static_cast<double>(done - done_last);
                 fmt::print(
                     "{:6.1f} s: {:10} candidates, {:8.0f}/s of CPU time, {:8.0f}/s; {} parts known, {} designs in "
                     "the archive, "
                     "{} "
                     "MB\n",
                     real - real_start, done, candidates / (cpu - cpu_last), candidates / (real - real_last),
                     evaluator.part_count(), archive.members().size(), most_memory());
                 cpu_last = cpu, real_last = real, done_last = done;
               }
               return real - real_start < seconds;
             },
             {keep, threads});
  fmt::print("{} candidates, {} of them met before: {:.0f}/s of CPU time; at most {} MB of memory\n", done,
             recorder.repeats(), static_cast<double>(done) / (cpu_seconds() - cpu_start), most_memory());
}

}  // namespace
}  // namespace ridgeline

int main(int count, char** words) {
  const auto word = [&](int i, const char* otherwise) { return i < count ? words[i] : otherwise; };
  ridgeline::run(std::strtoul(word(1, "200"), nullptr, 10), std::strtod(word(2, "10"), nullptr),
                 std::atoi(word(3, "1")), std::strcmp(word(4, ""), "peak") == 0, word(5, ""));
}
