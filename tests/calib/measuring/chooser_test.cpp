// Campaigns that choose, on a board that is not what its data sheet says.
#include "calib/measuring/chooser.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"
#include "base/statistics.hpp"
#include "calib/calibration.hpp"
#include "hwdesc/device_file.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"
#include "tests/calib/measuring/fake_machine.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

/// A Raspberry Pi 4 whose products are slower and whose dispatches cost more than its data sheet says; models differ
/// from that by 3 % for reasons of their own.
class Chooser : public ::testing::Test {
 protected:
  void SetUp() override {
    real_.arithmetic[index(Arithmetic::matrix)].utilisation *= 0.7;
    for (Seconds& dispatch : real_.dispatch) dispatch = dispatch * 1.5;
    machine_.on_load = [this](const Architecture& a, const Workload& w) {
      ++loads_[planned_id(a.name, w)];
      Random random(static_cast<std::uint64_t>(w.length * 1000 + w.batch) + a.encoder.layers.size());
      run_ = truth(a, w) * (1 + 0.03 * random.normal());
    };
    machine_.seconds = [this](const Workload&) { return run_; };
  }
  double truth(const Architecture& a, const Workload& w) const {
    return estimate(lower(a, w), real_, Seconds(0)).latency.si();
  }
  MeasureSummary campaign(MeasuringJournal& journal, const std::vector<PlannedModel>& candidates,
                          const ChooserOptions& options, double budget = 3600) {
    MeasureOptions how;
    how.budget = budget;
    how.again = false;
    how.chooser = guided_chooser(candidates, data_sheet_, options);
    return measure(candidates, journal, machine_.tools(), how, {});
  }
  /// Median relative error, for the candidates that are not among the rows, of a fit to the rows.
  double held_out_error(const MeasurementSet& known, const std::vector<PlannedModel>& candidates) const {
    MeasurementSet all = known;
    std::set<std::string> measured;
    for (const Measurement& row : known.rows) measured.insert(row.id);
    for (const PlannedModel& p : candidates) {
      if (measured.contains(p.id)) continue;
      Measurement& row = all.rows.emplace_back();
      row.id = p.id, row.definition = p.definition, row.workload = p.workload;
      row.latency =
          MeasuredValue{truth(architecture_of(p.definition), p.workload) / static_cast<double>(p.workload.batch), {}};
    }
    const FitProblem problem(parameter_space(data_sheet_, Protocol::warm), all);
    std::vector<std::size_t> fitted, others;
    for (std::size_t i = 0; i < all.rows.size(); ++i) (i < known.rows.size() ? fitted : others).push_back(i);
    const FitSummary summary = fit(problem, fitted, data_sheet_prior(problem.space()));
    std::vector<double> errors;
    for (std::size_t i = 0; const auto& prediction : problem.predict(summary.theta, others))
      errors.push_back(std::abs(prediction.values[0] / problem.target(others[i++]).measured[0] - 1));
    return median(errors);
  }

  const CostParameters data_sheet_ = data_sheet_parameters(load_device("raspberry-pi-4"), load_runtime("libtorch"),
                                                           uniform_numerics(Precision::fp32));
  CostParameters real_ = data_sheet_;
  FakeMachine machine_;
  double run_ = 0;
  std::map<std::string, int> loads_;
  const std::vector<PlannedModel> candidates_ = draw_models("bert", 80, 3, "libtorch");
  const TemporaryFolder folder_;
};

TEST_F(Chooser, EndsWhenWhatIsNotMeasuredIsPredictedWellEnough) {
  MeasuringJournal journal(folder_.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = campaign(journal, candidates_, {.target_error = 0.06});
  EXPECT_TRUE(s.enough);
  EXPECT_GE(s.measured, kRowsForError);
  EXPECT_LT(s.measured, 60u);
  EXPECT_EQ(s.measured + s.left, candidates_.size());
  ASSERT_TRUE(expected_error(journal.set()));
  EXPECT_LT(*expected_error(journal.set()), 0.06);
  EXPECT_LT(held_out_error(journal.set(), candidates_), 0.06);
}

TEST_F(Chooser, MeasuresAllWhereTheErrorStaysAbove) {
  const std::vector<PlannedModel> few(candidates_.begin(), candidates_.begin() + 24);
  MeasuringJournal journal(folder_.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = campaign(journal, few, {.target_error = 1e-4});
  EXPECT_TRUE(s.enough);
  EXPECT_EQ(s.measured, few.size());
  for (const auto& [id, times] : loads_) EXPECT_EQ(times, 1) << id;
}

TEST_F(Chooser, GoesOnFromTheRowsThatAreThere) {
  const fs::path store = folder_.path() / "run.h5";
  std::size_t first = 0;
  {
    MeasuringJournal journal(store, empty_set(), false);
    first = campaign(journal, candidates_, {}, 200).measured;
    ASSERT_GT(first, 5u);
  }
  // Two of those measured are not drawn any more: what they said still counts.
  MeasuringJournal journal(store, empty_set(), true);
  std::vector<PlannedModel> others = candidates_;
  std::erase_if(others, [&](const PlannedModel& p) {
    return p.id == journal.set().rows[0].id || p.id == journal.set().rows[1].id;
  });
  ASSERT_EQ(others.size(), candidates_.size() - 2);
  const MeasureSummary s = campaign(journal, others, {.target_error = 0.06});
  EXPECT_GT(s.measured, first);
  EXPECT_TRUE(s.enough);
  for (const auto& [id, times] : loads_)
    EXPECT_LE(times, journal.contains(id) ? 2 : 1) << id << ": one was in flight when the budget was over";
  std::size_t start = 0;  // rows that nothing was known before, fewer where one took too long
  const std::vector<Measurement>& rows = journal.set().rows;
  while (start < rows.size() && !rows[start].conditions.contains(kPredicted)) ++start;
  EXPECT_TRUE(start > 0 && start <= 5) << start;
  for (std::size_t i = start; i < rows.size(); ++i)
    EXPECT_TRUE(rows[i].conditions.contains(kPredicted)) << rows[i].id << ": the interruption changes nothing";
}

TEST_F(Chooser, LeavesOutWhatFailed) {
  machine_.fails = candidates_[0].workload.length;
  MeasuringJournal journal(folder_.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = campaign(journal, candidates_, {.rule = ChoiceRule::space_filling});
  EXPECT_GT(s.failed, 0u);
  EXPECT_EQ(s.measured + s.failed, candidates_.size());
  EXPECT_EQ(journal.set().excluded.size(), s.failed);
}

TEST_F(Chooser, TakesAFewPercentOfTheTimeWhateverAFitTakes) {
  for (const double slow : {0.5, 6.0}) {
    int calls = 0;
    ChooserOptions options;
    options.clock = [&] {
      if (++calls % 2 == 0) machine_.now += slow;  // between looks at the clock before and after
      return machine_.now;
    };
    MeasuringJournal journal(folder_.path() / std::to_string(slow), empty_set(), false);
    const MeasureSummary s = campaign(journal, candidates_, options);
    EXPECT_EQ(s.measured, candidates_.size());
    EXPECT_DOUBLE_EQ(s.choosing, slow * calls / 2);
    EXPECT_LT(s.choosing, 0.1 * s.elapsed) << slow;
    EXPECT_GT(calls, 8) << slow;
  }
}

TEST_F(Chooser, ASeedShufflesWhatIsChosenAtRandomAndNothingIsFitted) {
  const auto order = [&](std::uint64_t seed) {
    MeasuringJournal journal(folder_.path() / std::to_string(seed), empty_set(), false);
    campaign(journal, candidates_, {.rule = ChoiceRule::random, .seed = seed});
    std::vector<std::string> ids;
    for (const Measurement& row : journal.set().rows) {
      ids.push_back(row.id);
      EXPECT_FALSE(row.conditions.contains(kPredicted));
    }
    journal.remove();
    return ids;
  };
  const auto first = order(1);
  EXPECT_EQ(first.size(), candidates_.size());
  EXPECT_EQ(order(1), first);
  EXPECT_NE(order(2), first);
}

TEST(ExpectedError, IsTheMedianOfTheLastTwentyPredictions) {
  MeasurementSet set;
  const auto add = [&](double predicted, double measured) {
    Measurement& row = set.rows.emplace_back();
    row.latency = MeasuredValue{measured, {}};
    if (predicted > 0) row.conditions[kPredicted] = std::to_string(predicted) + " s";
  };
  for (int i = 0; i < 30; ++i) add(0, 1);  // a start
  for (int i = 0; i < 19; ++i) add(2, 1);
  EXPECT_FALSE(expected_error(set));
  add(2, 1);
  EXPECT_DOUBLE_EQ(*expected_error(set), 1);
  for (int i = 0; i < 9; ++i) add(0.9, 1);
  EXPECT_DOUBLE_EQ(*expected_error(set), 1);
  for (int i = 0; i < 11; ++i) add(1.1, 1);
  EXPECT_NEAR(*expected_error(set), 0.1, 1e-9);
}

}  // namespace
}  // namespace ridgeline
