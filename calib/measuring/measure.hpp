// A measuring campaign: models one after the other on this machine, within a budget of time.
//
// They come in the order of a plan, or each is chosen by what the ones before said (calib/measuring/chooser.hpp). The
// rows of one (calib/measuring/take.hpp) are in the journal before the next one starts. What else went on (other
// programs, a falling clock, swapping) is written into their conditions; disturbed rows are measured once more when
// there is time left, and replaced where that went better.
//
// With several visits (calib/measuring/visits.hpp) as many models are taken as there is time for in that share of the
// budget, then all of them again, and again; those planned by operators are visited once.
//
// The budget is kept whatever a model takes: each may use a tenth of the budget, what is left ÷ the models that are
// left, or as long as loading (3 s) and its runs (RepeatOptions) may take, whichever is most, up to the end of the
// budget. One that is cut off keeps the runs that it has; without a single warm run it is skipped, by name and with
// the reason. One that the end of the budget cuts off counts as not begun.
//
// Where heat matters, a reference model says between the others in what state the board is
// (calib/measuring/reference.hpp). In the cold mode a hot board is waited for, and the row that found it so counts as
// disturbed; in the heat-soaked mode it is warmed up first (calib/measuring/soak.hpp) and nothing waits. Loading,
// choosing, checking the reference and waiting are the campaign's overhead. Waiting has what the others leave of a
// tenth of the time that the campaign takes: the budget, or as long as its plan lasts at the pace so far.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calib/measuring/journal.hpp"
#include "calib/measuring/machine_state.hpp"
#include "calib/measuring/planned_model.hpp"
#include "calib/measuring/power_sensors.hpp"
#include "calib/measuring/repeats.hpp"
#include "calib/measuring/runner.hpp"

namespace ridgeline {

/// What is done about a board that gets warm.
enum class HeatMode {
  cold,         ///< it is waited for
  heat_soaked,  ///< it is warmed up before anything is measured
};
/// "cold", "heat-soaked".
std::string_view name(HeatMode mode);

struct HeatOptions {
  HeatMode mode = HeatMode::cold;
  double interval = 180;                                               ///< s between two checks of the reference
  double longest_wait = 120;                                           ///< s of cooling down at a time
  double longest_soak = 300;                                           ///< s of warming up
  double soaking_share = 0.25;                                         ///< of the budget, for that at most
  std::function<double(const Model&, const Workload&)> expected = {};  ///< s a sequence, by the data sheet
};

struct MeasureOptions {
  double budget = 600;          ///< s
  bool counts_earlier = false;  ///< what rows of the journal took is part of the budget
  RepeatOptions repeats;
  std::size_t visits = 1;
  bool again = true;                     ///< disturbed rows, while time is left
  ModelChooser chooser = {};             ///< empty: in the order of the plan
  std::optional<HeatOptions> heat = {};  ///< empty: no reference is measured
};

/// Everything that a campaign is made with; tests give their own.
struct MeasuringTools {
  ModelRunner runner;
  std::function<double()> clock;             ///< s, CLOCK_MONOTONIC
  std::function<MachineState()> state;       ///< around each model
  std::function<void(double seconds)> wait;  ///< with nothing running
  std::optional<PowerSensor> sensor;
  std::function<void(const MeasurementSet&)> checkpoint;              ///< now and then: bring the store up to date
  std::function<void(std::string_view step, double share)> progress;  ///< the share of budget or plan that is done
};

struct MeasureSummary {
  std::size_t measured = 0, failed = 0, disturbed = 0, unsettled = 0;  ///< skipped ones have failed
  std::size_t left = 0;                                                ///< of the plan, neither measured nor failed
  double elapsed = 0;                                                  ///< s
  double running = 0;      ///< s of it in which models ran, or warmed the board up; not the reference
  double choosing = 0;     ///< s of it that the chooser took
  double cooling = 0;      ///< s of it in which a hot board was waited for
  double soaking = 0;      ///< s of it in which the board was warmed up
  bool soaked = false;     ///< it was as warm as it gets then
  std::size_t checks = 0;  ///< of the reference
  bool enough = false;     ///< nothing more was to be measured, by plan or chooser, when it ended
};

/// From loading to the last run; 0 where the row does not say.
double seconds_taken(const Measurement& row);

/// Measures what of the plan is not in the journal yet. `conditions` go with every row.
MeasureSummary measure(const std::vector<PlannedModel>& plan, MeasuringJournal& journal, const MeasuringTools& tools,
                       const MeasureOptions& options, const std::map<std::string, std::string>& conditions);

}  // namespace ridgeline
