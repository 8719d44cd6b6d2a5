// Made-up rows for residuals, and where the training program was built.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "base/random.hpp"
#include "calib/train.hpp"
#include "tests/support.hpp"

namespace ridgeline::made {

inline std::filesystem::path train_program() {
#ifdef RIDGELINE_TRAIN_PROGRAM
  return RIDGELINE_TRAIN_PROGRAM;
#else
  return {};
#endif
}

/// Rows of five features, two of which matter; all metrics have the log-ratio that `truth` says plus normal noise of
/// that deviation. The analytic fit behind them is the same without any fold.
inline std::vector<ResidualRow> rows(std::size_t count, double noise, std::uint64_t seed,
                                     const std::function<double(const Eigen::VectorXd&)>& truth) {
  Random random(seed);
  std::vector<ResidualRow> result;
  for (std::size_t i = 0; i < count; ++i) {
    ResidualRow row;
    row.features = Eigen::VectorXd::Zero(5);
    for (double& x : row.features) x = 3 + 0.5 * random.normal();
    for (double& y : row.log_ratio) y = truth(row.features) + noise * random.normal();
    row.fold = i % 5;
    row.without_fold.assign(5, row.log_ratio);
    result.push_back(row);
  }
  return result;
}

inline double nothing(const Eigen::VectorXd&) { return 0; }
/// Bent in one feature, straight in another; within about ±0.3.
inline double bent(const Eigen::VectorXd& x) { return 0.2 * std::tanh(3 * (x[0] - 3)) - 0.1 * (x[1] - 3); }

}  // namespace ridgeline::made

/// Skips the test where libtorch was not there to build the training program.
#define RIDGELINE_NEEDS_TRAINING                \
  if (ridgeline::made::train_program().empty()) \
  GTEST_SKIP() << "ridgeline-train was not built: libtorch is not installed"
