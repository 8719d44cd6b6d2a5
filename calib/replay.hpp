// How fast a rule of choice learns a device: choosing played again on a set that is measured already.
//
// For each seed a part of the rows is held out, the same for all rules, and every rule chooses from the others. At
// each of the given sizes the parameters are fitted to what was chosen so far, as `calibrate` does (without the state
// of the board, and without a residual), and scored on the held-out rows; the next choices go by that fit. What a
// curve is compared with is the fit to all rows that could be chosen.
//
//   error   geometric mean over the figures that were measured of the MAPE of held-out rows
//   excess  error - error of the fit to all rows
//   area    ∫ excess d ln(rows), from the first size to the last, by trapezoids
//   seconds what a campaign sets aside for the chosen rows: loading, warming and runs of each
//   (calib/measuring/repeats.hpp)
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "calib/choice.hpp"
#include "calib/measuring/repeats.hpp"
#include "calib/metrics.hpp"

namespace ridgeline {

struct ReplayOptions {
  std::vector<ChoiceRule> rules{ChoiceRule::active, ChoiceRule::random, ChoiceRule::protran};
  std::vector<std::size_t> sizes{5,  8,  12, 16,  20,  28,
                                 40, 56, 80, 110, 150, 200};  ///< rising; larger than the pool: left out
  std::size_t seeds = 20;
  std::uint64_t first_seed = 0;
  double held_out = 0.3;  ///< share of the rows
  RepeatOptions repeats;  ///< how long measuring a row takes
  FitOptions fit;
  std::function<void(std::string_view step, double share)> progress;
};

using ErrorByMetric = std::array<double, kMetrics>;  ///< MAPE; NaN where nothing was measured

struct ReplayPoint {
  std::size_t rows = 0;
  double seconds = 0;
  ErrorByMetric mape{};
  double error = 0;  ///< geometric mean of mape
};
struct ReplayRun {
  ChoiceRule rule;
  std::uint64_t seed = 0;
  std::vector<ReplayPoint> points;  ///< by size
  ReplayPoint all;                  ///< the fit to all rows that could be chosen
  double area = 0;
};
struct Replay {
  std::size_t rows = 0, held_out = 0;  ///< of the set
  std::vector<ReplayRun> runs;         ///< seed by seed, the rules in their order
};

/// Error with fewer than two sizes that fit into the pool, or with nothing to hold out.
Replay replay(const FitProblem& problem, const Prior& prior, const ReplayOptions& options);

/// ∫ (error - all) d ln(rows) of such points.
double excess_area(const std::vector<ReplayPoint>& points, double all);

}  // namespace ridgeline
