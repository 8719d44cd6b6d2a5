#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "calib/fit.hpp"
#include "calib/metrics.hpp"

namespace ridgeline {
namespace {

constexpr double kDifference = 1e-5;

double value_of(const std::optional<MeasuredValue>& figure) { return figure ? figure->value : kMissing; }

constexpr std::array<std::string_view, 7> kObserved{
    "start-up",    "start-up per byte", "paging", "start-up power", "peak ratio", "response of the power sensor",
    "static power"};

/// The numbers that observe() reads, as logarithms: T, E, then kObserved.
struct Observed {
  WarmRun run;
  ObservationParameters parameters;
  Watts static_power;

  void scale(std::size_t which, double factor) {
    switch (which) {
      case 0:
        run.latency *= factor;
        break;
      case 1:
        run.dynamic *= factor;
        break;
      case 2:
        parameters.startup *= factor;
        break;
      case 3:
        parameters.startup_per_byte *= factor;
        break;
      case 4:
        parameters.paging *= factor;
        break;
      case 5:
        parameters.startup_power *= factor;
        break;
      case 6:
        parameters.peak_ratio *= factor;
        break;
      case 7:
        parameters.response *= factor;
        break;
      default:
        static_power *= factor;
        break;
    }
  }
  Eigen::Vector3d figures() const {
    const Observation o = observe(run, parameters, static_power);
    return {o.latency, o.energy, o.peak_power};
  }
  /// d figures / d ln(number `which`)
  Eigen::Vector3d slope(std::size_t which) const {
    Observed below = *this, above = *this;
    below.scale(which, std::exp(-kDifference));
    above.scale(which, std::exp(kDifference));
    return (above.figures() - below.figures()) / (2 * kDifference);
  }
};

}  // namespace

FitProblem::FitProblem(ParameterSpace space, const MeasurementSet& set)
    : space_(std::move(space)), condenser_(std::make_unique<Condenser>(space_.data_sheet().cost)) {
  if (set.rows.empty()) throw Error("the set " + set.name + " has no usable rows");
  for (const Measurement& row : set.rows) {
    std::vector<std::size_t> channels;
    for (const MeasuredPart& part : row.parts) channels.push_back(latency_channel(part.phase));
    if (channels.empty()) channels.push_back(latency_channel(row.op ? "operator" : "latency"));
    channels_of_row_.push_back(std::move(channels));
  }
  latency_channels_ = channels_.size();
  channels_.emplace_back("energy");
  channels_.emplace_back("peak power");
  targets_.resize(set.rows.size());
  for (const Measurement& row : set.rows) {
    set_target(rows_.size(), row);
    rows_.push_back(condenser_->condense(row));
  }
  for (std::size_t i = 0; i < kObserved.size(); ++i) observed_[i] = space_.find(kObserved[i]);
}

FitProblem::FitProblem(ParameterSpace space, const Program& program, const std::vector<std::string>& parts)
    : space_(std::move(space)), condenser_(std::make_unique<Condenser>(space_.data_sheet().cost)) {
  std::vector<std::size_t>& channels = channels_of_row_.emplace_back();
  for (const std::string& part : parts) channels.push_back(latency_channel(part));
  if (channels.empty()) channels.push_back(latency_channel("latency"));
  latency_channels_ = channels_.size();
  channels_.emplace_back("energy");
  channels_.emplace_back("peak power");
  targets_.push_back({std::vector<double>(channels_.size(), kMissing)});
  rows_.push_back(condenser_->condense(program, parts));
  for (std::size_t i = 0; i < kObserved.size(); ++i) observed_[i] = space_.find(kObserved[i]);
}

void FitProblem::set_target(std::size_t number, const Measurement& row) {
  const std::vector<std::size_t>& channels = channels_of_row_[number];
  Target target{std::vector<double>(channels_.size(), kMissing)};
  if (row.parts.empty()) target.measured[channels.front()] = value_of(row.latency);
  bool as_expected = std::max<std::size_t>(row.parts.size(), 1) == channels.size();
  for (std::size_t p = 0; as_expected && p < row.parts.size(); ++p) {
    as_expected = channels_[channels[p]] == row.parts[p].phase;
    target.measured[channels[p]] = row.parts[p].latency.value;
  }
  if (!as_expected) throw Error(fmt::format("{}: its latency was timed in other parts than was expected", row.id));
  if (space_.data_sheet().cost.has_power) {
    target.measured[latency_channels_] = value_of(row.energy);
    target.measured[latency_channels_ + 1] = value_of(row.peak_power);
  }
  targets_[number] = std::move(target);
}

std::size_t FitProblem::latency_channel(const std::string& name) {
  const auto found = std::find(channels_.begin(), channels_.end(), name);
  if (found == channels_.end()) {
    channels_.push_back(name);
    return channels_.size() - 1;
  }
  return static_cast<std::size_t>(found - channels_.begin());
}

FitProblem::Prediction FitProblem::predict(std::size_t number, const DeviceModel& model, const OperatorCosts& costs,
                                           bool with_gradients) const {
  const CondensedRow& row = rows_[number];
  const Eigen::Index n = space_.size();
  Prediction result;
  result.values = Eigen::VectorXd::Constant(static_cast<Eigen::Index>(channels_.size()), kMissing);
  const std::vector<std::size_t>& channels = channels_of_row_[number];
  const bool whole = channels.size() == 1;  // what is observed of a whole run has start-up, parts have none
  if (with_gradients) result.gradient = Eigen::MatrixXd::Zero(result.values.size(), n);
  Observed observed{{Seconds(0), Joules(0), row.sequences, row.weights}, model.observation, model.cost.static_power};
  Eigen::VectorXd latency_gradient = Eigen::VectorXd::Zero(n), dynamic_gradient = latency_gradient;
  for (std::size_t p = 0; p < row.parts.size(); ++p) {
    const PartCost part = part_cost(row.parts[p], costs, model.cost, n, with_gradients);
    observed.run.latency += Seconds(part.latency);
    observed.run.dynamic += Joules(part.dynamic);
    if (with_gradients) latency_gradient += part.latency_gradient, dynamic_gradient += part.dynamic_gradient;
    if (whole) continue;
    const auto c = static_cast<Eigen::Index>(channels[p]);
    result.values[c] = part.latency / row.sequences;
    if (with_gradients) result.gradient.row(c) = part.latency_gradient.transpose() / row.sequences;
  }
  const Eigen::Vector3d figures = observed.figures();
  const std::array<Eigen::Index, 3> place{static_cast<Eigen::Index>(channels.front()),
                                          static_cast<Eigen::Index>(latency_channels_),
                                          static_cast<Eigen::Index>(latency_channels_) + 1};
  for (std::size_t f = whole ? 0 : 1; f < 3; ++f) result.values[place[f]] = figures[static_cast<Eigen::Index>(f)];
  if (!with_gradients) return result;
  const Eigen::Vector3d by_latency = observed.slope(0) / observed.run.latency.si();
  const double dynamic = observed.run.dynamic.si();
  const Eigen::Vector3d by_dynamic = dynamic > 0 ? (observed.slope(1) / dynamic).eval() : Eigen::Vector3d::Zero();
  for (std::size_t f = whole ? 0 : 1; f < 3; ++f) {
    const auto i = static_cast<Eigen::Index>(f);
    result.gradient.row(place[f]) +=
        (by_latency[i] * latency_gradient + by_dynamic[i] * dynamic_gradient).transpose();
  }
  for (std::size_t i = 0; i < kObserved.size(); ++i) {
    if (observed_[i] < 0) continue;
    const Eigen::Vector3d slope = observed.slope(i + 2);
    for (std::size_t f = whole ? 0 : 1; f < 3; ++f)
      result.gradient(place[f], observed_[i]) += slope[static_cast<Eigen::Index>(f)];
  }
  return result;
}

std::vector<FitProblem::Prediction> FitProblem::predict(const Eigen::VectorXd& theta,
                                                        const std::vector<std::size_t>& rows,
                                                        bool with_gradients) const {
  const DeviceModel model = space_.at(theta);
  std::vector<bool> used(condenser_->operators().size());
  for (const std::size_t row : rows)
    for (const CondensedPart& part : rows_[row].parts)
      for (const std::uint32_t u : part.operators) used[u] = true;
  const OperatorCosts costs = operator_costs(*condenser_, used, space_, theta, with_gradients);
  std::vector<Prediction> predictions;
  predictions.reserve(rows.size());
  for (const std::size_t row : rows) predictions.push_back(predict(row, model, costs, with_gradients));
  return predictions;
}

}  // namespace ridgeline
