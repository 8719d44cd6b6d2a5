// Ensembles trained by `ridgeline-train`, a program of its own because it links libtorch (calib/live/).
//
// The job and its result are JSON files in a private folder. Job: "features" (row-major, rows × "feature_count"),
// "targets": [{"values", "weights" (0: not used)}], each with one number a row, and the options below by
// name. Result: "targets" in the same order, each with the arrays of an Ensemble, members in order, and "mean" and
// "log_spread" of all rows. All networks of all targets are trained together as one batched network, in single
// precision by Adam with a falling rate (Kingma & Ba 2015; Loshchilov & Hutter 2017); one thread and own random
// numbers, so a seed gives the same networks each time.
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "calib/ensemble.hpp"

namespace ridgeline {

struct EnsembleOptions {
  int members = 8;
  int hidden = 6;  ///< units of a member
  int steps = 200;
  double learning_rate = 0.03;
  double lowest_decay = 0.1, highest_decay = 1;  ///< of members, evenly spaced in the logarithm
  double degrees_of_freedom = 4;                 ///< nu, as in calib/fit.hpp
  int rows_per_step = 256;                       ///< drawn anew in each step where there are more
  std::uint64_t seed = 0;
};

struct EnsembleTarget {
  Eigen::VectorXd values;   ///< about 1 in size
  Eigen::VectorXd weights;  ///< >= 0
};

struct TrainedEnsemble {
  Ensemble ensemble;
  Eigen::VectorXd mean, log_spread;  ///< of all rows, as libtorch computes them in double precision
};

/// `features`: features × rows. `program`: empty to look for it (calib/child_process.hpp). Error with the program's
/// own words when it fails.
std::vector<TrainedEnsemble> train_ensembles(const Eigen::MatrixXd& features,
                                             const std::vector<EnsembleTarget>& targets,
                                             const EnsembleOptions& options,
                                             const std::filesystem::path& program = {});

}  // namespace ridgeline
