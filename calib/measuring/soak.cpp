#include "calib/measuring/soak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr double kSoakWindow = 20;            // s
constexpr std::size_t kSoakWindowsApart = 3;  // those that are compared: boards warm up over minutes
constexpr double kSoakedShare = 0.01;         // of the latency
constexpr double kSoakedKelvin = 1;
constexpr double kUsualRun = 1;  // s: enough work for all of the processor, and soon over
constexpr double kSoakSecondsAtOnce = 1;

/// Those whose run is nearest to kUsualRun first.
std::vector<const PlannedModel*> models_to_soak_by(const HeatOptions& options,
                                                   const std::vector<PlannedModel>& plan) {
  std::vector<std::pair<double, const PlannedModel*>> all;
  for (const PlannedModel& p : plan) {
    const double run = options.expected(p.definition, p.workload) * static_cast<double>(p.workload.batch);
    all.emplace_back(std::abs(std::log(run / kUsualRun)), &p);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const PlannedModel*> models;
  for (const auto& [distance, model] : all) models.push_back(model);
  return models;
}

struct SoakWindow {
  double run = 0;                     ///< s, median
  std::optional<double> temperature;  ///< degC, at its end
};

bool stays(const SoakWindow& a, const SoakWindow& b) {
  return std::abs(a.run / b.run - 1) <= kSoakedShare &&
         (!a.temperature || !b.temperature || std::abs(*a.temperature - *b.temperature) <= kSoakedKelvin);
}

/// Runs what is loaded for a window, or until `end`: s of a run.
double median_of_window(const MeasuringTools& tools, double end) {
  const double window_end = std::min(end, tools.clock() + kSoakWindow);
  std::vector<double> seconds;
  do {
    const double run = seconds.empty() ? kSoakSecondsAtOnce : median(seconds);
    const auto times = static_cast<std::size_t>(std::max(1.0, std::round(kSoakSecondsAtOnce / run)));
    const Runs runs = tools.runner.run(times, end - tools.clock());
    for (std::size_t r = 0; r < runs.phases.size(); ++r) seconds.push_back(runs.seconds(r));
    if (seconds.empty()) throw Error("nothing ran");
  } while (tools.clock() + std::max(kSoakSecondsAtOnce, median(seconds)) <= window_end);
  return median(seconds);
}

}  // namespace

Soaked soak(const HeatOptions& options, const MeasuringTools& tools, const std::vector<PlannedModel>& plan,
            double longest, const std::function<void(const std::string&)>& tell) {
  const double began = tools.clock(), end = began + longest;
  Soaked soaked;
  for (const PlannedModel* planned : models_to_soak_by(options, plan)) {
    try {
      tell(fmt::format("warming up by {}", planned->id));
      tools.runner.load(planned->definition, planned->workload, end - tools.clock());
      std::vector<SoakWindow> windows;
      for (bool whole = true; whole && !soaked.settled;) {
        whole = tools.clock() + kSoakWindow < end;  // else it says nothing of settling
        const double run = median_of_window(tools, end);
        windows.push_back({run, tools.state().temperature});
        soaked.settled = whole && windows.size() > kSoakWindowsApart &&
                         stays(windows.back(), windows[windows.size() - 1 - kSoakWindowsApart]);
        if (const auto& now = windows.back().temperature)
          tell(fmt::format("warming up by {}, {:.0f} degC", planned->id, *now));
      }
      break;
    } catch (const TookTooLong&) {
      break;  // it has run for as long as may be
    } catch (const Error&) {
      continue;  // the campaign will say why; another model heats as well
    }
  }
  soaked.seconds = tools.clock() - began;
  return soaked;
}

}  // namespace ridgeline
