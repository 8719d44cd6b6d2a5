// A machine whose time passes only while models run, for campaigns that are measured in no time.
#pragma once

#include <functional>
#include <vector>

#include "base/error.hpp"
#include "calib/child_process.hpp"
#include "calib/measuring/measure.hpp"
#include "calib/measuring/plan.hpp"

namespace ridgeline {

/// Models that take as long as they are asked to, by a clock that only they move.
struct FakeMachine {
  double now = 1000;
  std::function<double(const Workload&)> seconds = [](const Workload& w) {
    return 1e-3 * static_cast<double>(w.length);
  };
  Workload loaded;
  std::vector<Size> lengths;  ///< of what was loaded
  Size fails = 0;             ///< the length that cannot be loaded
  std::function<void()> between_runs = [] {};
  std::function<void(const Architecture&, const Workload&)> on_load = [](const Architecture&, const Workload&) {};

  MeasuringTools tools() {
    MeasuringTools t;
    t.runner.load = [this](const Model& m, const Workload& w, double) {
      if (w.length == fails) throw Error("out of memory");
      if (const auto* a = std::get_if<Architecture>(&m)) on_load(*a, w);
      loaded = w;
      lengths.push_back(w.length);
    };
    t.runner.run = [this](std::size_t times, double patience) {
      between_runs();
      Runs runs;
      runs.start = now;
      for (std::size_t i = 0; i < times; ++i) {
        const double s = seconds(loaded);
        now += s;
        if (now > runs.start + patience) {
          now = runs.start + patience;
          throw TookTooLong("no answer");
        }
        if (loaded.task == Task::generate)
          runs.phases.push_back({{"encoder", 0.25 * s}, {"decode", 0.75 * s}});
        else
          runs.phases.push_back({{"encoder", s}});
      }
      runs.end = now;
      return runs;
    };
    t.clock = [this] { return now; };
    t.state = [] { return MachineState{}; };
    return t;
  }
};

inline std::vector<PlannedModel> plan_of_lengths(const std::vector<Size>& lengths) {
  std::vector<PlannedModel> plan = draw_models("bert", lengths.size(), 0, "libtorch");
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].workload.length = lengths[i];
    plan[i].workload.batch = 2;
    plan[i].id = planned_id(plan[i].model, plan[i].workload);
  }
  return plan;
}

inline MeasurementSet empty_set() {
  MeasurementSet set;
  set.name = "run", set.device = "raspberry-pi-4", set.runtime = "libtorch", set.source = "a test";
  return set;
}

}  // namespace ridgeline
