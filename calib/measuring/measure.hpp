// A measuring campaign: models one after the other on this machine, within a budget of time.
//
// Each is loaded, run until it is warm and then until its median is known (calib/measuring/repeats.hpp), while the
// power sensor, where there is one, is read in the background. Its row is in the journal before the next one starts.
// What else went on (other programs, a falling clock, swapping) is written into the row's conditions; disturbed rows
// are measured once more when there is time left, and replaced where that went better.
//
// With several visits (calib/measuring/visits.hpp) as many models are taken as there is time for in that share of the
// budget, then all of them again, and again; those planned by operators are visited once.
//
// Of a model that is planned by operators, each run has a look at the clock between any two of them. Operators that
// are equal (kind, sizes) give one row, that of the first of them; its id is the model's, ": " and the operator.
//
// The budget is kept whatever a model takes: each may use a tenth of the budget, what is left ÷ the models that are
// left, or as long as loading (3 s) and its runs (RepeatOptions) may take, whichever is most, up to the end of the
// budget. One that is cut off keeps the runs that it has; without a single warm run it is skipped, by name and with
// the reason. One that the end of the budget cuts off counts as not begun.
//
//   latency     the median over runs, by phase where a workload has several
//   energy      the integral of the power trace over all timed runs ÷ their number: idle power is inside
//   peak power  the highest mean over the window that the sensor needs for one new value
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "calib/measuring/journal.hpp"
#include "calib/measuring/machine_state.hpp"
#include "calib/measuring/power_sensors.hpp"
#include "calib/measuring/repeats.hpp"
#include "calib/measuring/runner.hpp"

namespace ridgeline {

struct PlannedModel {
  std::string id;     ///< unique in its plan
  std::string model;  ///< its name, where it has one
  Architecture architecture;
  Workload workload;
  bool by_operator = false;  ///< a row for each of its different operators, instead of one for all of it
};

struct MeasureOptions {
  double budget = 600;          ///< s
  bool counts_earlier = false;  ///< what rows of the journal took is part of the budget
  RepeatOptions repeats;
  std::size_t visits = 1;
  bool again = true;  ///< disturbed rows, while time is left
};

/// Everything that a campaign is made with; tests give their own.
struct MeasuringTools {
  ModelRunner runner;
  std::function<double()> clock;        ///< s, CLOCK_MONOTONIC
  std::function<MachineState()> state;  ///< around each model
  std::optional<PowerSensor> sensor;
  std::function<void(const MeasurementSet&)> checkpoint;              ///< now and then: bring the store up to date
  std::function<void(std::string_view step, double share)> progress;  ///< the share of budget or plan that is done
};

struct MeasureSummary {
  std::size_t measured = 0, failed = 0, disturbed = 0, unsettled = 0;  ///< skipped ones have failed
  std::size_t left = 0;                                                ///< of the plan, when the time was over
  double elapsed = 0;                                                  ///< s
  double running = 0;                                                  ///< s of it in which models ran
};

/// From loading to the last run; 0 where the row does not say.
double seconds_taken(const Measurement& row);

/// Measures what of the plan is not in the journal yet, in order. `conditions` go with every row.
MeasureSummary measure(const std::vector<PlannedModel>& plan, MeasuringJournal& journal, const MeasuringTools& tools,
                       const MeasureOptions& options, const std::map<std::string, std::string>& conditions);

}  // namespace ridgeline
