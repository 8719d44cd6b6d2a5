#include "app/measure_campaign.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "app/measure_sensor.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "data/store.hpp"

namespace ridgeline {
std::string measurements_image(const MeasurementSet& set, const Session& session) {
  return to_image({.kind = "measurements",
                   .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                   .root = to_arrays({set})});
}

std::string minutes_left(double seconds) {
  const double whole = std::max(0.0, std::round(seconds));
  return fmt::format("{:.0f} min {:02.0f} s left at most", std::floor(whole / 60), std::fmod(whole, 60));
}

Session with_time_left(const Session& session, double budget) {
  Session telling = session;
  if (session.progress)
    telling.progress = [told = session.progress, end = seconds_of(CLOCK_MONOTONIC) + budget](std::string_view step,
                                                                                             double share) {
      if (share >= 1) return told(step, share);
      told(fmt::format("{}; {}", step, minutes_left(end - seconds_of(CLOCK_MONOTONIC))), share);
    };
  return telling;
}

MeasurementSet set_of(const MeasureCommandOptions& options, const MeasuringTarget& target) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  MeasurementSet set;
  set.name = std::filesystem::path(options.out).stem().string();
  set.device = target.device_name, set.runtime = target.runtime_name;
  set.precision = options.precision;
  set.power_mode = options.power_mode;
  set.ordered = true;
  set.source = fmt::format("ridgeline measure on {}", host.data());
  return set;
}

CommandMeasurements measure_plan(const MeasureCommandOptions& options, const MeasuringTarget& target,
                                 const std::vector<PlannedModel>& plan, const MeasureOptions& how,
                                 const Session& session) {
  const double began = seconds_of(CLOCK_MONOTONIC);
  const int threads = static_cast<int>(options.threads.value_or(target.device.units));
  const ChosenSensor chosen = choose_sensor(options);
  CommandMeasurements result;
  result.sensor = chosen.said;
  MeasuringTools tools;
  tools.runner = start_runner({.threads = threads, .seed = options.seed, .program = {}});
  tools.clock = [] { return seconds_of(CLOCK_MONOTONIC); };
  tools.state = [&tools] { return read_machine_state("/", tools.runner.process()); };
  tools.wait = [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); };
  tools.sensor = chosen.sensor;
  tools.progress = session.progress;
  tools.checkpoint = [&](const MeasurementSet& set) {
    if (set.rows.size() > 1) write_file_atomically(options.out, measurements_image(set, session));
  };
  result.conditions = machine_conditions("/");
  for (const auto& [key, value] : tools.runner.about()) result.conditions[key] = value;
  // Only now: what failed so far leaves nothing behind that would have to be resumed.
  MeasuringJournal journal(options.out, set_of(options, target), options.resume);
  if (chosen.sensor)
    if (const std::optional<double> idle = idle_power(*chosen.sensor))
      result.conditions["idle power"] = fmt::format("{:.3g} W", *idle);
  if (result.conditions["blas"].find("libblas/") != std::string::npos)
    session.log->warn(
        "{} is the reference BLAS, which is many times slower than a tuned one: install libopenblas0-openmp",
        result.conditions["blas"]);
  if (const auto alone = result.conditions.find("blas kernels without OPENBLAS_CORETYPE");
      alone != result.conditions.end())
    session.log->warn(
        "{0} does not know this processor and takes its kernels for {1}: measuring with those for {2}, which "
        "programs of yours get by OPENBLAS_CORETYPE={2}",
        result.conditions["blas"], alone->second, result.conditions["blas kernels"]);
  MeasureOptions rest = how;
  rest.budget -= seconds_of(CLOCK_MONOTONIC) - began;
  result.summary = measure(plan, journal, tools, rest, result.conditions);
  if (session.progress) session.progress("", 1);
  result.set = journal.set();
  if (result.set.rows.empty()) {
    journal.remove();
    throw Error(result.set.excluded.empty()
                    ? "there was no time for a single model: give a larger --budget"
                    : fmt::format("nothing could be measured; {}: {}", result.set.excluded.front().id,
                                  result.set.excluded.front().reason));
  }
  write_file_atomically(options.out, measurements_image(result.set, session));
  journal.remove();
  return result;
}

}  // namespace ridgeline
