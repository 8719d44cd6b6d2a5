#include "calib/measuring/reference.hpp"

#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/error.hpp"
#include "calib/levels.hpp"
#include "calib/measuring/take.hpp"

namespace ridgeline {
namespace {

constexpr RepeatOptions kChecking{.longest = 1, .longest_warming = 0.3};
constexpr double kRunsOfACheck = 12;     // six of warming, six that are timed
constexpr double kCheckingShare = 0.02;  // of the time
constexpr double kSlower = 0.02;         // as well as a median is known
constexpr double kWarmer = 5;            // K
constexpr double kClockFell = 0.03;      // relative
constexpr double kBetweenLooks = 5;      // s of cooling down
constexpr std::size_t kFewestNeighbours = 8, kMostNeighbours = 40;
constexpr double kFarSigmas = 4;      // sigma of the neighbours
constexpr double kLeastSigma = 0.02;  // of ln measured: medians are known to about that

constexpr const char *kRatio = "reference", *kModel = "reference model", *kFirst = "reference at first",
                     *kHeat = "heat";

std::string condition_of(const Measurement& row, const char* name) {
  const auto found = row.conditions.find(name);
  return found == row.conditions.end() ? std::string() : found->second;
}

std::optional<double> condition_number(const Measurement& row, const char* name) {
  const std::string text = condition_of(row, name);
  return text.empty() ? std::nullopt : std::optional(std::strtod(text.c_str(), nullptr));
}

/// What a row says of the board.
MachineState state_of(const Measurement& row) {
  MachineState state;
  state.temperature = condition_number(row, "temperature");
  if (const auto megahertz = condition_number(row, "clock")) state.clock = *megahertz * 1e6;
  return state;
}

bool is_warmer(const MachineState& now, const MachineState& before) {
  return (now.temperature && before.temperature && *now.temperature >= *before.temperature + kWarmer) ||
         (now.clock && before.clock && *now.clock < (1 - kClockFell) * *before.clock);
}

MedianInterval known_to_two_percent(double seconds) {
  return {seconds, (1 - kSlower) * seconds, (1 + kSlower) * seconds};
}

void refuse_other_mode(const MeasurementSet& known, HeatMode mode) {
  for (const Measurement& row : known.rows)
    if (const std::string other = condition_of(row, kHeat); !other.empty() && other != name(mode))
      throw InputError({"--resume", 0, 0, ""}, fmt::format("the rows so far were measured {}", other),
                       fmt::format("{} --heat-soaked, or begin anew with another --out",
                                   mode == HeatMode::cold ? "add" : "leave out"));
}

}  // namespace

std::string_view name(HeatMode mode) { return mode == HeatMode::cold ? "cold" : "heat-soaked"; }

ReferenceModel::ReferenceModel(const HeatOptions& options, const MeasuringTools& tools,
                               const std::vector<PlannedModel>& plan, const MeasurementSet& known,
                               std::function<void(const std::string&)> tell)
    : options_(options), tools_(tools), tell_(std::move(tell)), began_(tools.clock()) {
  refuse_other_mode(known, options.mode);
  go_on_from(known, plan);
}

void ReferenceModel::go_on_from(const MeasurementSet& known, const std::vector<PlannedModel>& plan) {
  for (const Measurement& row : known.rows) is_far(row);
  const auto said = std::find_if(known.rows.rbegin(), known.rows.rend(), [](const Measurement& row) {
    return condition_number(row, kFirst).value_or(0) > 0 && condition_number(row, kRatio).value_or(0) > 0;
  });
  if (said == known.rows.rend()) return;
  const std::string id = condition_of(*said, kModel);
  const auto model = std::find_if(plan.begin(), plan.end(), [&](const PlannedModel& p) { return p.id == id; });
  if (model == plan.end()) return;
  take_as_reference(*model);
  first_.seconds = known_to_two_percent(*condition_number(*said, kFirst));
  last_.seconds = known_to_two_percent(first_.seconds.median * *condition_number(*said, kRatio));
  const auto earliest = std::min_element(known.rows.begin(), known.rows.end(), [&](const auto& a, const auto& b) {
    return std::pair(condition_of(a, kModel) != id, a.order) < std::pair(condition_of(b, kModel) != id, b.order);
  });
  first_.state = last_.state = state_of(*earliest);
  first_.other_load = last_.other_load = condition_number(*earliest, "other load").value_or(0);
  checked_ = began_ - options_.interval;  // who knows what the board did meanwhile
}

void ReferenceModel::note(std::vector<Measurement>& rows) const {
  for (Measurement& row : rows) {
    row.conditions[kHeat] = name(options_.mode);
    if (!model_) continue;
    row.conditions[kRatio] = fmt::format("{:.3f}", ratio());
    row.conditions[kModel] = model_->id;
    row.conditions[kFirst] = fmt::format("{:.6g} s", first_.seconds.median);
  }
}

bool ReferenceModel::check_after(const PlannedModel& planned, const std::vector<Measurement>& rows, double longest) {
  const bool far = is_far(rows.front());
  const double began = tools_.clock();
  bool done = false;
  if (!model_) {
    done = adopt(planned, rows, longest);
  } else {
    const bool affordable = checking_ <= kCheckingShare * (began - began_);
    const bool asked = far || is_warmer(state_of(rows.front()), last_.state);
    if (began - checked_ >= options_.interval || (affordable && asked)) done = check(longest);
  }
  checking_ += tools_.clock() - began;
  return done;
}

bool ReferenceModel::adopt(const PlannedModel& planned, const std::vector<Measurement>& rows, double longest) {
  double run = 0;
  for (const Measurement& row : rows)
    if (row.latency) run += row.latency->value * static_cast<double>(planned.workload.batch);
  if (kRunsOfACheck * run > kCheckingShare * std::min(options_.interval, longest)) return false;
  take_as_reference(planned);
  first_.seconds = known_to_two_percent(run);
  if (check(longest)) {
    first_ = last_;
    return true;
  }
  model_.reset();
  return false;
}

void ReferenceModel::take_as_reference(const PlannedModel& planned) {
  model_ = planned;
  model_->by_operator = false;
}

/// False where there is no time for it or it fails: rows go on saying how it was when it last ran.
bool ReferenceModel::check(double longest) {
  if (longest < patience()) return false;
  tell_(fmt::format("checking the board by {}", model_->id));
  ++checks_;
  std::optional<Reading> now = read();
  checked_ = tools_.clock();
  if (!now) return false;
  last_ = std::move(*now);
  if (!hot()) in_vain_ = false;
  return true;
}

double ReferenceModel::patience() const { return planned_seconds(kChecking, first_.seconds.median); }

std::optional<ReferenceModel::Reading> ReferenceModel::read() {
  MeasuringTools tools = tools_;
  tools.sensor.reset();
  try {
    const TakenModel taken = take_model(*model_, tools, kChecking, tools_.clock() + patience());
    const Disturbances meanwhile = between(taken.before, taken.after);
    return Reading{taken.seconds, taken.after, meanwhile.other_load, meanwhile.throttlings > 0};
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool ReferenceModel::is_far(const Measurement& row) {
  if (row.op || !row.latency) return false;
  const std::optional<double> predicted = condition_number(row, kPredicted);
  if (predicted.has_value() != by_prediction_) log_ratios_.clear();
  by_prediction_ = predicted.has_value();
  const double expected = predicted ? *predicted : options_.expected(row.definition, row.workload);
  const double ratio = std::log(row.latency->value / expected);
  bool far = false;
  if (log_ratios_.size() >= kFewestNeighbours) {
    const Levels before = estimate_levels(
        Eigen::Map<const Eigen::VectorXd>(log_ratios_.data(), static_cast<Eigen::Index>(log_ratios_.size())));
    far = std::abs(ratio - before.level.tail<1>().value()) > kFarSigmas * std::max(before.sigma, kLeastSigma);
  }
  log_ratios_.push_back(ratio);
  if (log_ratios_.size() > kMostNeighbours) log_ratios_.erase(log_ratios_.begin());
  return far;
}

bool ReferenceModel::slowed() const {
  return last_.seconds.low > first_.seconds.high && last_.seconds.median > (1 + kSlower) * first_.seconds.median;
}

bool ReferenceModel::hot() const {
  return slowed() && (is_warmer(last_.state, first_.state) || last_.throttled) &&
         last_.other_load < first_.other_load + kOtherLoad;
}

bool ReferenceModel::must_cool() const { return options_.mode == HeatMode::cold && !in_vain_ && hot(); }

std::string ReferenceModel::heat_words() const {
  return fmt::format("the board was hot, the reference {:.0f} % slower than at first", 100 * (ratio() - 1));
}

void ReferenceModel::cool_down(double longest) {
  if (!must_cool()) return;
  const double began = tools_.clock(), end = began + std::min(options_.longest_wait, longest);
  while (hot() && tools_.clock() + kBetweenLooks + patience() <= end) {
    tell_(fmt::format("cooling down, the reference is {:.0f} % slower than at first{}", 100 * (ratio() - 1),
                      last_.state.temperature ? fmt::format(" at {:.0f} degC", *last_.state.temperature) : ""));
    tools_.wait(kBetweenLooks);
    check(patience());
  }
  in_vain_ = hot();
  waited_ += tools_.clock() - began;
}

}  // namespace ridgeline
