// What the campaigns of `ridgeline selftest` measure, and whether its budget is enough for them.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "app/measure_plan.hpp"
#include "app/selftest.hpp"

namespace ridgeline {

/// One part of the budget.
struct SelftestCampaign {
  const char* name;  ///< of its store, too
  double share;      ///< of the budget; what is left over is for fitting
  std::size_t fewest;
  MeasureLevel level;
  double longest;      ///< s of timed runs of one model in one visit
  std::size_t visits;  ///< of each model: more where it is what others are compared with
};
inline constexpr std::array kSelftestCampaigns{SelftestCampaign{"operators", 0.13, 8, MeasureLevel::op, 0.5, 1},
                                               SelftestCampaign{"models", 0.48, 8, MeasureLevel::model, 1, 1},
                                               SelftestCampaign{"unseen", 0.33, 2, MeasureLevel::model, 0.5, 3}};

/// The models of one of them, as many as there may be time for: none of the last one is among those of the second.
std::vector<PlannedModel> selftest_plan(std::size_t campaign, const SelftestOptions& options,
                                        const MeasuringTarget& target);

/// InputError that names a budget which is enough, by the data sheet, when this one is not.
void require_budget(const SelftestOptions& options, const MeasuringTarget& target);

}  // namespace ridgeline
