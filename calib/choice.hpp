// Which of the candidates to measure next.
//
//   random         in an order that the seed shuffles
//   space-filling  spread over the candidates (calib/space_filling.hpp), each handful from narrow to wide: what takes
//                  least first
//   active         a space-filling start, then the candidate that takes most from the posterior interval per second
//                  of measuring (calib/linear_posterior.hpp)
//   protran        a space-filling start of 16, then the most uncertain of 64 candidates drawn at random, by the
//                  spread of boosted trees that learn figures from features (calib/boosted_trees.hpp): ProTran's rule
//                  (Tuli & Jha 2023)
//
// A choice follows from the seed, the rows measured so far in their order, and the fit to them; there is no other
// state, so that an interrupted campaign goes on as it would have.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "calib/fit.hpp"
#include "calib/measuring/repeats.hpp"

namespace ridgeline {

enum class ChoiceRule { random, space_filling, active, protran };
/// "random", "space-filling", "active", "protran".
std::string_view name(ChoiceRule rule);

/// What a rule knows.
struct Choosing {
  const FitProblem& problem;
  const Prior& prior;
  const Eigen::MatrixXd& features;           ///< a column for every row of the problem (calib/residual_rows.hpp)
  const std::vector<std::size_t>& pool;      ///< rows to choose from, the measured ones among them; in any order
  const std::vector<std::size_t>& measured;  ///< in measuring order
  const FitSummary& fit;                     ///< to the measured rows; to none: the prior
  const FitOptions& options;                 ///< of that fit
  const std::vector<double>& seconds;        ///< by row of the problem: how long measuring it is expected to take
  std::uint64_t seed = 0;
};

/// The next rows in measuring order, `count` at most: fewer where a start ends, since what follows goes by a fit to
/// it, and where the pool has no more.
std::vector<std::size_t> choose(ChoiceRule rule, const Choosing& known, std::size_t count);

/// s that a campaign sets aside for measuring a row whose latency has those parts: s a sequence by latency channel,
/// NaN where the part is another row's. Other channels may follow and are not looked at.
double seconds_to_measure(const FitProblem& problem, std::size_t row, std::span<const double> parts,
                          const RepeatOptions& repeats);
/// The same of those rows as they are predicted; by row of the problem, 0 for all others.
std::vector<double> expected_seconds(const FitProblem& problem, const Eigen::VectorXd& theta,
                                     const std::vector<std::size_t>& rows, const RepeatOptions& repeats);

}  // namespace ridgeline
