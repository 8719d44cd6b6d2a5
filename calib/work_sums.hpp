// What the residual surrogate sees of a program: how the analytic model divides its time, and how large it is.
//
// Everything is a sum over operators, so sums of blocks add up to those of a model and a search computes features
// without lowering anything again.
//
//   shares    time of each kind of operator, of dispatch and of start-up ÷ analytic latency
//   sizes     ln FLOPs, ln algorithmic bytes, ln stored weights, ln analytic latency
// Their logarithms and shares are centred and scaled on the training rows (calib/residual.hpp), which makes them
// dimensionless: intensity, depth and width relative to those rows are differences of them.
#pragma once

#include <Eigen/Core>

#include <array>
#include <string>
#include <vector>

#include "calib/condensed.hpp"

namespace ridgeline {

struct WorkSums {
  std::array<double, kOperatorKinds> duration{};  ///< s on the device by kind of operator
  double dispatch = 0;                            ///< s of the host
  double flops = 0;
  double bytes = 0;  ///< algorithmic

  WorkSums& operator+=(const WorkSums& other);
};

/// One operator, run `times` times.
WorkSums work_sums(const Operator& op, double dispatch, double duration, const Numerics& numerics, double times = 1);
/// A row, with `costs` of the condenser's operators.
WorkSums work_sums(const CondensedRow& row, const Condenser& condenser, const OperatorCosts& costs);

inline constexpr Eigen::Index kResidualFeatures = static_cast<Eigen::Index>(kOperatorKinds) + 6;
/// Their names, in order: kinds of operators, "dispatch", "start-up", "FLOPs", "bytes", "weights", "latency".
std::vector<std::string> residual_feature_names();
/// `latency` and `startup` in s per batch, as the analytic model has them, start-up included in latency; `weights` in
/// B. Writes kResidualFeatures numbers.
void residual_features(const WorkSums& sums, double latency, double startup, double weights,
                       Eigen::Ref<Eigen::VectorXd> out);

}  // namespace ridgeline
