// A small ensemble of small networks: a mean and a scale from a row of features.
//
// Member k of m, with h hidden units:
//   a = z / sqrt(1 + z²)          z = A_k·x + b_k
//   mean_k = out_k·a + out_bias_k + linear_k·x
//   log_spread_k = spread_k·a + spread_bias_k
// The linear path carries what is linear, so that the hidden units have only the rest to learn. z / sqrt(1 + z²) is a
// sigmoid of one square root and one division, which compilers vectorise. Training (calib/live/) minimises for each
// member
//   Σ_i w_i·[ log_spread + (nu + 1)/2·ln(1 + ((y_i - mean)/spread)² / nu) ] + decay/2·Σ (weight / its own scale)²
// with w_i from the Bayesian bootstrap (Rubin 1981): members differ by their draws of w and of the first weights
// (Lakshminarayanan et al. 2017 for ensembles with a spread).
#pragma once

#include <Eigen/Core>

#include "data/store.hpp"

namespace ridgeline {

struct Ensemble {
  Eigen::Index members = 0;
  Eigen::MatrixXd hidden;       ///< A, members·h × features
  Eigen::VectorXd hidden_bias;  ///< b, members·h
  Eigen::VectorXd out;          ///< members·h
  Eigen::VectorXd out_bias;     ///< members
  Eigen::MatrixXd linear;       ///< members × features
  Eigen::VectorXd spread;       ///< members·h
  Eigen::VectorXd spread_bias;  ///< members

  Eigen::Index features() const { return hidden.cols(); }
};

/// Averages over the members, one column of `x` (features × rows) a row. Blocks of columns are evaluated together,
/// so call it with many at once where speed matters.
Eigen::VectorXd mean(const Ensemble& ensemble, const Eigen::Ref<const Eigen::MatrixXd>& x);
Eigen::VectorXd log_spread(const Ensemble& ensemble, const Eigen::Ref<const Eigen::MatrixXd>& x);

ArrayGroup to_arrays(const Ensemble& ensemble);
/// Error when an array is missing or has another shape than its neighbours.
Ensemble ensemble_from(const ArrayGroup& group);

/// One array of a group with exactly that shape; Error naming it otherwise. An extent of -1 may be anything.
const ArrayGroup::Array& array_of(const ArrayGroup& group, const std::string& name,
                                  std::initializer_list<Eigen::Index> shape);
ArrayGroup::Array to_array(const Eigen::VectorXd& values, std::string unit = "1");
ArrayGroup::Array to_array(const Eigen::MatrixXd& values, std::string unit = "1");
Eigen::VectorXd vector_from(const ArrayGroup::Array& array);
Eigen::MatrixXd matrix_from(const ArrayGroup::Array& array);

}  // namespace ridgeline
