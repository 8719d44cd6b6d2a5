// Measurement sets with known truth: small BERTs on a Raspberry Pi whose parameters, noise and state are chosen.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "calib/fit.hpp"
#include "hwdesc/device_file.hpp"
#include "tests/model/models.hpp"

namespace ridgeline {

inline ParameterSpace synthetic_space() {
  const CostParameters cost =
      data_sheet_parameters(load_device("raspberry-pi-4"), load_runtime("pytorch-eager"), Numerics{});
  return {data_sheet_model(cost, Protocol::warm), false, false};
}

/// `n` models of random size; latencies are still to be measured.
inline MeasurementSet synthetic_models(std::size_t n, std::uint64_t seed) {
  MeasurementSet set;
  set.name = "synthetic";
  set.device = "raspberry-pi-4";
  set.runtime = "pytorch-eager";
  set.ordered = true;
  Random random(seed);
  for (std::size_t i = 0; i < n; ++i) {
    const Size width = std::array<Size, 3>{128, 256, 512}[random.below(3)];
    Measurement row;
    row.id = "synthetic:" + std::to_string(i);
    row.definition = models::bert(width, width / 64, width * static_cast<Size>(1 + random.below(4)),
                                  static_cast<std::size_t>(1 + random.below(4)));
    row.workload.length = std::array<Size, 4>{16, 32, 64, 128}[random.below(4)];
    row.latency = MeasuredValue{1, {}};
    row.order = static_cast<std::int64_t>(i);
    set.rows.push_back(row);
  }
  return set;
}

/// What a board of parameters `theta` takes, times exp(noise · normal + state(row)).
inline void measure(
    MeasurementSet& set, const Eigen::VectorXd& theta, double noise, std::uint64_t seed,
    const std::function<double(std::size_t)>& state = [](std::size_t) { return 0.0; }) {
  const FitProblem problem(synthetic_space(), set);
  std::vector<std::size_t> rows(set.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const auto predictions = problem.predict(theta, rows);
  Random random(seed);
  for (std::size_t i = 0; i < rows.size(); ++i)
    set.rows[i].latency->value = predictions[i].values[0] * std::exp(noise * random.normal() + state(i));
}

/// A board that is 40 % slower at products and twice as slow at dispatching as its data sheet.
inline Eigen::VectorXd synthetic_truth(const ParameterSpace& space) {
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(space.size());
  theta[space.find("matrix utilisation")] = std::log(0.6);
  theta[space.find("dispatch")] = std::log(2.0);
  return theta;
}

inline std::vector<std::size_t> rows_of(const FitProblem& problem) {
  std::vector<std::size_t> rows(problem.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return rows;
}

}  // namespace ridgeline
