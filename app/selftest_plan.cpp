#include "app/selftest_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr double kLongestShare = 1.0 / 1500;  // of the budget, for one run
constexpr std::size_t kDrawnModels = 400;     // more than there is time for
constexpr double kRunsEach = 15;              // in a visit: warming, and six timed ones
constexpr double kLoadingEach = 0.2;          // s, besides

/// s of one run of each drawn model by the data sheet, quickest first.
std::vector<double> expected(std::size_t campaign, const SelftestOptions& options, const MeasuringTarget& target) {
  std::vector<PlannedModel> plan =
      draw_models("mixed", kDrawnModels / 4, options.seed + campaign, target.runtime_name);
  if (kSelftestCampaigns[campaign].level != MeasureLevel::model) plan = blocks_of(plan);
  std::vector<double> seconds;
  for (const PlannedModel& p : plan)
    seconds.push_back(estimate(lower(p.definition, p.workload), target.data_sheet, Seconds(0)).latency.si());
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

std::vector<PlannedModel> drawn(std::size_t campaign, const SelftestOptions& options, const MeasuringTarget& target) {
  const auto count = std::max(kDrawnModels, static_cast<std::size_t>(options.budget.si()));
  return quick_models("mixed", count, options.seed + campaign, kSelftestCampaigns[campaign].level,
                      options.budget.si() * kLongestShare, target);
}

}  // namespace

std::vector<PlannedModel> selftest_plan(std::size_t campaign, const SelftestOptions& options,
                                        const MeasuringTarget& target) {
  std::vector<PlannedModel> plan = drawn(campaign, options, target);
  if (kSelftestCampaigns[campaign].name != std::string_view("unseen")) return plan;
  std::set<std::string> known;
  for (const PlannedModel& p : drawn(1, options, target)) known.insert(p.id);
  std::erase_if(plan, [&](const PlannedModel& p) { return known.contains(p.id); });
  if (plan.size() > static_cast<std::size_t>(options.unseen)) plan.resize(static_cast<std::size_t>(options.unseen));
  return plan;
}

void require_budget(const SelftestOptions& options, const MeasuringTarget& target) {
  double needed = 0;
  for (std::size_t i = 0; i < kSelftestCampaigns.size(); ++i) {
    const std::vector<double> seconds = expected(i, options, target);
    const std::size_t count = std::min(kSelftestCampaigns[i].fewest, seconds.size());
    const double all = std::accumulate(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(count), 0.0);
    needed =
        std::max({needed, seconds[count - 1] / kLongestShare,
                  static_cast<double>(kSelftestCampaigns[i].visits) *
                      (kRunsEach * all + kLoadingEach * static_cast<double>(count)) / kSelftestCampaigns[i].share});
  }
  if (options.budget.si() < needed)
    throw InputError({"--budget", 0, 0, ""},
                     fmt::format("{:.0f} s are too few to learn anything of this machine", options.budget.si()),
                     fmt::format("it takes about {:.0f} s at least; 15min are a good deal more telling",
                                 std::ceil(needed / 5) * 5));
}

}  // namespace ridgeline
