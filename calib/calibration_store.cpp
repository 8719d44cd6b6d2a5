// Calibrations as named arrays, and back.
#include <fmt/format.h>

#include "base/error.hpp"
#include "calib/calibration.hpp"

namespace ridgeline {
namespace {

constexpr std::array<std::string_view, kMetrics> kGroups{"latency", "energy", "peak_power"};

std::vector<double> plain(const Eigen::VectorXd& v) { return {v.data(), v.data() + v.size()}; }

Eigen::VectorXd eigen(const std::vector<double>& v) {
  return Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

ArrayGroup to_arrays(const ConformalIntervals& intervals) {
  ArrayGroup group;
  group.arrays["coverage"] = scalar_array(intervals.coverage, "1");
  group.arrays["rows"] = scalar_array(static_cast<double>(intervals.rows), "1");
  group.arrays["low"] = scalar_array(intervals.low, "1");
  group.arrays["high"] = scalar_array(intervals.high, "1");
  group.arrays["log_scale"] = scalar_array(intervals.log_scale, "1");
  group.arrays["weights"] = vector_array(plain(intervals.weights), "1");
  group.arrays["centre"] = vector_array(plain(intervals.centre), "1");
  group.arrays["deviation"] = vector_array(plain(intervals.deviation), "1");
  group.arrays["lowest"] = vector_array(plain(intervals.lowest), "1");
  group.arrays["highest"] = vector_array(plain(intervals.highest), "1");
  return group;
}

ConformalIntervals intervals_from(const StoredGroup& group) {
  ConformalIntervals intervals;
  intervals.coverage = group.scalar("coverage", "1");
  intervals.rows = static_cast<std::size_t>(group.scalar("rows", "1"));
  intervals.low = group.scalar("low", "1");
  intervals.high = group.scalar("high", "1");
  intervals.log_scale = group.scalar("log_scale", "1");
  const std::vector<double>& weights = group.vector("weights", "1");
  intervals.weights = eigen(weights);
  intervals.centre = eigen(group.vector("centre", "1", weights.size()));
  intervals.deviation = eigen(group.vector("deviation", "1", weights.size()));
  intervals.lowest = eigen(group.vector("lowest", "1", weights.size()));
  intervals.highest = eigen(group.vector("highest", "1", weights.size()));
  if (!(intervals.low <= 0 && intervals.high >= 0)) group.fail("low", "an interval must hold the figure itself");
  return intervals;
}

}  // namespace

ArrayGroup to_arrays(const Calibration& calibration) {
  ArrayGroup group;
  group.attributes = {{"device", calibration.key.device},
                      {"runtime", calibration.key.runtime},
                      {"precision", std::string(name(calibration.key.precision))},
                      {"power_mode", calibration.key.power_mode},
                      {"protocol", std::string(name(calibration.key.protocol))},
                      {"set", calibration.set},
                      {"source", calibration.source},
                      {"seed", fmt::format("{}", calibration.seed)}};
  group.texts["tasks"] = calibration.workloads.tasks;
  group.arrays["batch"] = vector_array({static_cast<double>(calibration.workloads.smallest_batch),
                                        static_cast<double>(calibration.workloads.largest_batch)},
                                       "1");
  group.arrays["length"] = vector_array(
      {static_cast<double>(calibration.workloads.shortest), static_cast<double>(calibration.workloads.longest)}, "1");
  const std::size_t n = calibration.parameters.size();
  group.arrays["rows"] = scalar_array(static_cast<double>(calibration.rows), "1");
  group.texts["parameters"] = calibration.parameters;
  group.arrays["reference"] = vector_array(plain(calibration.reference), "1");
  group.arrays["theta"] = vector_array(plain(calibration.theta), "1");
  group.arrays["covariance"] = matrix_array(
      n, n, {calibration.covariance.data(), calibration.covariance.data() + calibration.covariance.size()}, "1");
  group.texts["channels"] = calibration.channels;
  group.arrays["sigma"] = vector_array(calibration.sigma, "1");
  for (std::size_t m = 0; m < kMetrics; ++m)
    if (calibration.intervals[m])
      group.groups[fmt::format("interval_{}", kGroups[m])] = to_arrays(*calibration.intervals[m]);
  if (calibration.residual) group.groups["residual"] = to_arrays(*calibration.residual);
  return group;
}

Calibration calibration_from(const Store& store) {
  const StoredGroup group = store.content("calibration");
  Calibration calibration;
  calibration.key.device = group.attribute("device");
  calibration.key.runtime = group.attribute("runtime");
  const auto precision = parse_precision(group.attribute("precision"));
  if (!precision) group.fail("precision", fmt::format("'{}' is no precision", group.attribute("precision")));
  calibration.key.precision = *precision;
  calibration.key.power_mode = group.attribute("power_mode");
  const std::string& protocol = group.attribute("protocol");
  calibration.key.protocol = protocol == name(Protocol::whole_process) ? Protocol::whole_process : Protocol::warm;
  calibration.workloads.tasks = group.texts("tasks");
  const std::vector<double>&batch = group.vector("batch", "1", 2), &length = group.vector("length", "1", 2);
  calibration.workloads.smallest_batch = static_cast<Size>(batch[0]);
  calibration.workloads.largest_batch = static_cast<Size>(batch[1]);
  calibration.workloads.shortest = static_cast<Size>(length[0]);
  calibration.workloads.longest = static_cast<Size>(length[1]);
  calibration.set = group.attribute("set");
  calibration.source = group.attribute("source");
  calibration.seed = std::stoull(group.attribute("seed"));
  calibration.rows = static_cast<std::size_t>(group.scalar("rows", "1"));
  calibration.parameters = group.texts("parameters");
  const std::size_t n = calibration.parameters.size();
  calibration.reference = eigen(group.vector("reference", "1", n));
  calibration.theta = eigen(group.vector("theta", "1", n));
  const std::vector<double>& covariance = group.matrix("covariance", "1", n, n);
  calibration.covariance = Eigen::Map<const Eigen::MatrixXd>(covariance.data(), static_cast<Eigen::Index>(n),
                                                             static_cast<Eigen::Index>(n));
  calibration.channels = group.texts("channels");
  calibration.sigma = group.vector("sigma", "1", calibration.channels.size());
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const std::string interval = fmt::format("interval_{}", kGroups[m]);
    if (group.has_group(interval)) calibration.intervals[m] = intervals_from(group.group(interval));
  }
  if (group.has_group("residual")) calibration.residual = residual_from(group.group("residual").content());
  return calibration;
}

void write_calibration(const std::filesystem::path& file, const Calibration& calibration,
                       const Provenance& provenance) {
  write_store(file, "calibration", to_arrays(calibration), provenance);
}

Calibration read_calibration(const std::filesystem::path& file) { return calibration_from(read_store(file)); }

}  // namespace ridgeline
