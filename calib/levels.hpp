// The level of a noisy series: constant between jumps, drifting slowly, with outliers and gaps.
//
// Jumps minimise, exactly on a grid of levels of half a sigma,
//
//   Σ_i min((y_i - level_i)² / sigma², k²) / 2 + penalty · (number of jumps)
//
// the biweight problem of Fearnhead & Rigaill (2019), here by Viterbi's algorithm: O(rows × levels). A row costs k²/2
// at most, so that outliers make no jumps unless many follow one another; the penalty is 3·ln(rows), about twice that
// of the Schwarz criterion (a jump has a place and a height), since noise has heavier tails than the normal. sigma is
// taken from differences of neighbours, which a level hardly moves.
//
// Between jumps the level is a random walk seen through Student's t noise (4 degrees of freedom): a Kalman smoother,
// iterated over the noise's weights, with the variance of the steps that is most likely (prediction errors; Durbin &
// Koopman 2012, section 2.10 and 7.2). Gaps are what the smoother says of them.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace ridgeline {

/// Places in `series` where a new level begins, without 0, and sigma of the noise; NaN: not seen.
struct Jumps {
  std::vector<std::size_t> places;
  double sigma = 0;
};
Jumps find_jumps(const Eigen::VectorXd& series);

struct Levels {
  Eigen::VectorXd level;  ///< everywhere, also in gaps
  double sigma = 0;       ///< scale of the noise around it
  double step = 0;        ///< standard deviation of the walk from one row to the next; 0: constant between jumps
  std::vector<std::size_t> jumps;
};
/// Error when fewer than two places were seen.
Levels estimate_levels(const Eigen::VectorXd& series);

}  // namespace ridgeline
