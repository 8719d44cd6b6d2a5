// Which rows the rules choose: what each promises, that a seed and what was measured decide, and nothing else.
#include "calib/choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/statistics.hpp"
#include "calib/residual_rows.hpp"
#include "tests/calib/synthetic.hpp"

namespace ridgeline {
namespace {

constexpr std::array kRules{ChoiceRule::random, ChoiceRule::space_filling, ChoiceRule::active, ChoiceRule::protran};

/// A hundred small models on a board of known parameters, 2 % of noise.
class Choice : public ::testing::Test {
 protected:
  static MeasurementSet measured_set() {
    MeasurementSet set = synthetic_models(100, 71);
    measure(set, synthetic_truth(synthetic_space()), 0.02, 72);
    return set;
  }
  void fit_to_measured() {
    summary_ = fit(problem_, measured_, prior_, options_);
    const auto predictions = problem_.predict(summary_.theta, pool_);
    for (const std::size_t row : pool_) seconds_[row] = predictions[row].values[0];
  }
  std::vector<std::size_t> chosen(ChoiceRule rule, std::size_t count, std::uint64_t seed = 0) {
    return choose(rule, {problem_, prior_, features_, pool_, measured_, summary_, options_, seconds_, seed}, count);
  }
  /// Chooses until there are `count` rows, with a fit to those before.
  std::vector<std::size_t> sequence(ChoiceRule rule, std::size_t count, std::uint64_t seed) {
    measured_.clear();
    while (measured_.size() < count) {
      fit_to_measured();
      const auto next = chosen(rule, count - measured_.size(), seed);
      EXPECT_FALSE(next.empty());
      if (next.empty()) break;
      measured_.insert(measured_.end(), next.begin(), next.end());
    }
    return measured_;
  }

  FitProblem problem_{synthetic_space(), measured_set()};
  std::vector<std::size_t> pool_ = rows_of(problem_), measured_;
  Prior prior_ = data_sheet_prior(problem_.space());
  Eigen::MatrixXd features_ = residual_features(problem_, prior_.mean, pool_);
  FitOptions options_ = [] {
    FitOptions options;
    options.starts = 1;
    return options;
  }();
  FitSummary summary_;
  std::vector<double> seconds_ = std::vector<double>(problem_.size(), 1);
};

TEST_F(Choice, EachRowAtMostOnceAndAllInTheEnd) {
  for (const ChoiceRule rule : kRules) {
    const std::vector<std::size_t> rows = sequence(rule, 40, 3);
    EXPECT_EQ(std::set<std::size_t>(rows.begin(), rows.end()).size(), 40u) << name(rule);
    const auto rest = chosen(rule, 1000);
    EXPECT_EQ(rest.size(), 60u) << name(rule);
    EXPECT_EQ(std::set<std::size_t>(rest.begin(), rest.end()).size(), 60u) << name(rule);
  }
}

TEST_F(Choice, FollowsFromTheSeedAndWhatWasMeasured) {
  for (const ChoiceRule rule : kRules) {
    const auto first = sequence(rule, 24, 5);
    EXPECT_EQ(sequence(rule, 24, 5), first) << name(rule);
    EXPECT_NE(sequence(rule, 24, 6), first) << name(rule);
    measured_.assign(first.begin(), first.begin() + 20);
    fit_to_measured();
    const auto next = chosen(rule, 4, 5);
    measured_.assign(first.begin(), first.begin() + 20);
    EXPECT_EQ(chosen(rule, 4, 5), next) << name(rule) << ": nothing is remembered from call to call";
  }
}

TEST_F(Choice, AStartGoesFromNarrowToWide) {
  fit_to_measured();
  for (const ChoiceRule rule : {ChoiceRule::active, ChoiceRule::protran}) {
    const auto start = chosen(rule, 30);
    EXPECT_LT(start.size(), 30u) << "what follows needs a fit to the start";
    for (std::size_t i = 1; i < start.size(); ++i)
      EXPECT_LE(seconds_[start[i - 1]], seconds_[start[i]]) << name(rule) << ", row " << i;
    EXPECT_GT(seconds_[start.back()], 3 * seconds_[start.front()]) << name(rule);
  }
}

/// A row that takes a hundred times as long to measure as any other is not worth it.
TEST_F(Choice, TakesWhatItCostsIntoAccount) {
  sequence(ChoiceRule::active, 8, 7);
  fit_to_measured();
  const std::size_t best = chosen(ChoiceRule::active, 1).at(0);
  seconds_[best] *= 100;
  EXPECT_NE(chosen(ChoiceRule::active, 1).at(0), best);
}

TEST_F(Choice, LearnsFasterThanChance) {
  const auto unknown = [&](ChoiceRule rule) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
      sequence(rule, 10, seed);
      fit_to_measured();
      for (const auto& p : problem_.predict(summary_.theta, pool_, true)) {
        const Eigen::VectorXd g = p.gradient.row(0).transpose() / p.values[0];
        sum += g.dot(summary_.covariance * g);
      }
    }
    return sum;
  };
  EXPECT_LT(unknown(ChoiceRule::active), 0.8 * unknown(ChoiceRule::random));
}

}  // namespace
}  // namespace ridgeline
