#include "calib/calibration.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "calib/calibrate.hpp"
#include "calib/library.hpp"
#include "calib/validation.hpp"
#include "tests/calib/synthetic.hpp"

namespace ridgeline {
namespace {

MeasurementSet measured_set(std::size_t rows) {
  MeasurementSet set = synthetic_models(rows, 1);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 2);
  return set;
}

Calibrated calibrated(const MeasurementSet& set, const FitProblem& problem, const std::vector<std::size_t>& rows) {
  CalibrateOptions options{.level = PredictorLevel::analytic};
  options.fit.starts = 1;
  return calibrate(set, problem, rows, {}, DeviceKind::cpu, options);
}

TEST(Calibration, SurvivesBeingStored) {
  const MeasurementSet set = measured_set(25);
  const FitProblem problem(synthetic_space(), set);
  const Calibration before = calibrated(set, problem, rows_of(problem)).calibration;
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("calibration_" + std::to_string(::getpid()) + ".h5");
  write_calibration(file, before, provenance_of("ridgeline calibrate", "test"));
  const Calibration after = read_calibration(file);
  std::filesystem::remove(file);
  EXPECT_EQ(after.key, before.key);
  EXPECT_EQ(after.parameters, before.parameters);
  EXPECT_EQ(after.theta, before.theta);
  EXPECT_EQ(after.covariance, before.covariance);
  const auto a = predict(before, problem, {0, 1, 2}), b = predict(after, problem, {0, 1, 2});
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i][0].value, b[i][0].value);
    EXPECT_EQ(a[i][0].low, b[i][0].low);
    EXPECT_EQ(a[i][0].high, b[i][0].high);
  }
}

TEST(Calibration, IsRefusedForAnythingElse) {
  const MeasurementSet set = measured_set(12);
  const FitProblem problem(synthetic_space(), set);
  const Calibration calibration = calibrated(set, problem, rows_of(problem)).calibration;
  CalibrationKey wanted = calibration.key;
  EXPECT_NO_THROW(require_key(calibration, wanted, "pi.h5"));
  wanted.runtime = "tflite";
  try {
    require_key(calibration, wanted, "pi.h5");
    FAIL() << "a calibration of another runtime was taken";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "pi.h5: this calibration is of raspberry-pi-4, pytorch-eager, fp32, not of raspberry-pi-4, tflite, "
                 "fp32; no figure is carried from one device, runtime, precision or power mode to another");
  }
}

TEST(Calibration, AnotherDescriptionOfTheDeviceIsNoticed) {
  const MeasurementSet set = measured_set(12);
  const FitProblem problem(synthetic_space(), set);
  const Calibration calibration = calibrated(set, problem, rows_of(problem)).calibration;
  CostParameters sheet = problem.space().data_sheet().cost;
  EXPECT_NO_THROW(calibrated_model(calibration, sheet));
  sheet.dispatch.fill(Seconds(1e-3));
  EXPECT_THROW(calibrated_model(calibration, sheet), Error);
  EXPECT_NO_THROW(calibrated_model(calibration, sheet, true));
}

TEST(Calibration, OfAnotherVersionWithFewerParametersIsRefused) {
  const MeasurementSet set = measured_set(12);
  const FitProblem problem(synthetic_space(), set);
  Calibration calibration = calibrated(set, problem, rows_of(problem)).calibration;
  const auto dispatch = std::find(calibration.parameters.begin(), calibration.parameters.end(), "dispatch");
  ASSERT_NE(dispatch, calibration.parameters.end());
  *dispatch = calibration.parameters.front();
  try {
    calibrated_model(calibration, problem.space().data_sheet().cost);
    FAIL() << "a calibration without 'dispatch' was taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the calibration has no parameter 'dispatch': another version of Ridgeline made it");
  }
}

TEST(Calibrate, ReportsWhatFittingImproved) {
  const MeasurementSet set = measured_set(40);
  const FitProblem problem(synthetic_space(), set);
  const Calibrated result = calibrated(set, problem, rows_of(problem));
  EXPECT_GT(result.report.data_sheet_mape[0], 0.2);
  EXPECT_LT(result.report.analytic_mape[0], 0.05);
  EXPECT_TRUE(std::isnan(result.report.analytic_mape[1]));
  EXPECT_FALSE(result.report.worst.empty());
  const auto dispatch = std::find_if(result.report.parameters.begin(), result.report.parameters.end(),
                                     [](const auto& p) { return p.parameter == "dispatch"; });
  ASSERT_NE(dispatch, result.report.parameters.end());
  EXPECT_NEAR(dispatch->value / dispatch->data_sheet, 2, 0.4);
}

TEST(Validate, HeldOutRowsFallIntoTheirIntervals) {
  const MeasurementSet set = measured_set(120);
  const FitProblem problem(synthetic_space(), set);
  const Split split = split_rows(problem.size(), 40, 3);
  EXPECT_EQ(split.fitted.size(), 40u);
  const Calibrated result = calibrated(set, problem, split.fitted);
  const Validation validation =
      validate(result.calibration, problem, split.held_out, result.report.constant_intervals);
  ASSERT_TRUE(validation.by_metric[0] && validation.by_metric[0]->intervals);
  EXPECT_EQ(validation.rows, 80u);
  EXPECT_LT(validation.by_metric[0]->scores.mape, 0.04);
  EXPECT_NEAR(validation.by_metric[0]->intervals->coverage, 0.9, 0.09);
  EXPECT_FALSE(validation.by_metric[1].has_value());

  ASSERT_TRUE(result.report.constant_intervals[0]);
  const Spread constant = result.report.constant_intervals[0]->factors({});
  double score = 0;
  for (std::size_t i = 0; i < split.held_out.size(); ++i) {
    const double ratio = set.rows[split.held_out[i]].latency->value / validation.predicted[i][0].value;
    score += interval_score(std::log(constant.low), std::log(constant.high), std::log(ratio), 0.9) / 80;
  }
  EXPECT_NEAR(validation.by_metric[0]->constant_score.value(), score, 1e-12);
  EXPECT_FALSE(validate(result.calibration, problem, split.held_out).by_metric[0]->constant_score);
}

TEST(Validate, ASplitLeavesSomethingToValidateOn) {
  EXPECT_EQ(split_rows(10, 0.8, 1).fitted.size(), 8u);
  EXPECT_EQ(split_rows(10, 0, 1).held_out.size(), 10u);
  EXPECT_THROW(split_rows(10, 10, 1), Error);
  EXPECT_EQ(split_rows(50, 20, 7).fitted, split_rows(50, 20, 7).fitted);
}

TEST(Generic, OtherDevicesTeachWhatTheyDetermine) {
  const ParameterSpace space = synthetic_space();
  const Eigen::Index dispatch = space.find("dispatch"), dram = space.find("dram bandwidth");
  Lesson lesson{"a", "a.csv", "xeon-e5-2640", "", DeviceKind::cpu, {"dispatch", "dram bandwidth"}, {}, {}};
  lesson.value = Eigen::Vector2d(1.0, -0.8);
  lesson.determined = Eigen::Vector2d(1.0, 0.0);
  const Prior prior = generic_prior(space, DeviceKind::cpu, {lesson});
  EXPECT_DOUBLE_EQ(prior.mean[dispatch], 0.5);  // half way to the one device that knows
  EXPECT_DOUBLE_EQ(prior.mean[dram], 0);
  EXPECT_TRUE(generic_prior(space, DeviceKind::gpu, {lesson}).mean.isZero());
}

TEST(Generic, LessonsOfTheSameDeviceOrFileAreLeftOut) {
  const MeasurementSet set = synthetic_models(2, 1);  // rows "synthetic:0", ... on raspberry-pi-4
  const auto lesson = [](const char* origin, const char* device) {
    return Lesson{"s", origin, device, "", DeviceKind::cpu, {}, {}, {}};
  };
  const std::vector<Lesson> rest = lessons_from_elsewhere(
      {lesson("other.csv", "raspberry-pi-4"), lesson("synthetic", "m1-cpu"), lesson("other.csv", "m1-cpu")}, set);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].origin, "other.csv");
}

TEST(Generic, LessonsSurviveBeingStored) {
  const MeasurementSet set = measured_set(12);
  const FitProblem problem(synthetic_space(), set);
  const FitSummary summary = fit(problem, rows_of(problem), data_sheet_prior(problem.space()), {.starts = 1});
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("lessons_" + std::to_string(::getpid()) + ".h5");
  write_lessons(file, {lesson_of(set, DeviceKind::cpu, problem.space(), summary)}, provenance_of("test", "test"));
  const std::vector<Lesson> read = read_lessons(file);
  std::filesystem::remove(file);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].device, "raspberry-pi-4");
  EXPECT_EQ(read[0].kind, DeviceKind::cpu);
  EXPECT_EQ(read[0].value, summary.theta);
}

}  // namespace
}  // namespace ridgeline
