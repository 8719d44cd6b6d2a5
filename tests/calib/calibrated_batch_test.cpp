#include "calib/calibrated_batch.hpp"

#include <gtest/gtest.h>

#include "calib/calibrate.hpp"
#include "calib/residual_rows.hpp"
#include "tests/calib/synthetic.hpp"
#include "tests/model/programs.hpp"

namespace ridgeline {
namespace {

Eigen::MatrixXd drawn(Random& random, Eigen::Index rows, Eigen::Index columns) {
  Eigen::MatrixXd m(rows, columns);
  for (double& x : m.reshaped()) x = 0.3 * random.normal();
  return m;
}

/// A surrogate of some size with random weights.
Residual random_residual(const Eigen::MatrixXd& features) {
  Random random(71);
  Residual residual;
  residual.scaling = FeatureScaling::of(features);
  const auto p = static_cast<Eigen::Index>(residual.scaling.used.size());
  constexpr Eigen::Index kMembers = 8, kHidden = 6, kUnits = kMembers * kHidden;
  for (MetricResidual& metric : residual.metrics) {
    metric.ensemble = Ensemble{kMembers,
                               drawn(random, kUnits, p),
                               drawn(random, kUnits, 1),
                               drawn(random, kUnits, 1),
                               drawn(random, kMembers, 1),
                               drawn(random, kMembers, p),
                               drawn(random, kUnits, 1),
                               drawn(random, kMembers, 1)};
    metric.shrinkage = 0.7;
    metric.limit = 0.3;
  }
  return residual;
}

struct Board {
  MeasurementSet set = synthetic_models(20, 72);
  Calibration calibration;

  Board() {
    for (Measurement& row : set.rows) row.workload.length = 64;
    measure(set, synthetic_truth(synthetic_space()), 0.02, 73);
    const FitProblem problem(synthetic_space(), set);
    CalibrateOptions options{.level = PredictorLevel::analytic, .intervals = false};
    calibration = calibrate(set, problem, rows_of(problem), {}, DeviceKind::cpu, options).calibration;
    calibration.residual = random_residual(residual_features(problem, calibration.theta, rows_of(problem)));
  }
  CostParameters data_sheet() const {
    return data_sheet_parameters(load_device("raspberry-pi-4"), load_runtime("pytorch-eager"), Numerics{});
  }
};

TEST(CalibratedBatch, SaysWhatTheCalibrationSaysOfEachModel) {
  const Board board;
  CalibratedBatch batch(board.calibration, board.data_sheet(), board.set.rows.front().workload, Seconds(0));
  EncodedModels models;
  for (const Measurement& row : board.set.rows) batch.encode(architecture_of(row.definition), models);
  std::vector<RunFigures> figures(models.size());
  batch.evaluate(models, figures);
  const FitProblem problem(synthetic_space(), board.set);
  const auto expected = predict(board.calibration, problem, rows_of(problem));
  const auto analytic = problem.predict(board.calibration.theta, rows_of(problem));
  double corrected = 0;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    EXPECT_NEAR(figures[i].latency / expected[i][0].value, 1, 0.01) << i;
    corrected = std::max(corrected, std::abs(std::log(expected[i][0].value / analytic[i].values[0])));
  }
  EXPECT_GT(corrected, 0.05) << "the residual did nothing: the comparison says nothing of it";
}

TEST(CalibratedBatch, FactorsAreWhatIsLeftBesidesWarmFigures) {
  const Board board;
  CalibratedBatch batch(board.calibration, board.data_sheet(), board.set.rows.front().workload, Seconds(0));
  EncodedModels models;
  for (const Measurement& row : board.set.rows) batch.encode(architecture_of(row.definition), models);
  std::vector<RunFigures> figures(models.size());
  std::vector<CalibratedResult> results(models.size());
  std::vector<BatchResult> warm(models.size());
  batch.evaluate(models, figures);
  batch.evaluate(models, results, BatchDetail::full);
  batch.estimator().evaluate(models, warm, BatchDetail::full);
  for (std::size_t i = 0; i < models.size(); ++i) {
    // A warm protocol of one sequence measures the warm run itself.
    EXPECT_NEAR(results[i].warm.latency * results[i].latency_factor / figures[i].latency, 1, 1e-12);
    EXPECT_NEAR(results[i].warm.energy * results[i].energy_factor / figures[i].energy, 1, 1e-12);
    EXPECT_EQ(results[i].peak_power, figures[i].peak_power);
    EXPECT_EQ(results[i].warm.memory, warm[i].memory);
    EXPECT_EQ(results[i].warm.peak_power, warm[i].peak_power);
  }
}

TEST(CalibratedBatch, PiecesSumToTheirPart) {
  const Board board;
  const Workload& workload = board.set.rows.front().workload;
  CalibratedBatch batch(board.calibration, board.data_sheet(), workload, Seconds(0));
  Random random(75);
  const Architecture model = synthetic::random_flexibert(random, 2);
  EncodedModels models;
  batch.encode(model, models);
  bool several = false;
  const std::vector<PhaseParts> phases = plan(model, workload);
  for (const Part& part : phases.front().parts) {
    const std::vector<BlockId> pieces = batch.pieces(part);
    several = several || pieces.size() > 1;
    models.blocks.push_back(batch.compose(pieces));
  }
  ASSERT_TRUE(several);
  models.offsets.push_back(static_cast<std::uint32_t>(models.blocks.size()));
  models.resident.push_back(models.resident.front());
  std::vector<RunFigures> figures(2);
  batch.evaluate(models, figures);
  EXPECT_NEAR(figures[1].latency / figures[0].latency, 1, 1e-9);
  EXPECT_NEAR(figures[1].energy / figures[0].energy, 1, 1e-9);
}

TEST(CalibratedBatch, ComposedBlocksAreTheirSum) {
  const Board board;
  CalibratedBatch batch(board.calibration, board.data_sheet(), board.set.rows.front().workload, Seconds(0));
  EncodedModels models;
  batch.encode(architecture_of(board.set.rows.front().definition), models);
  const std::vector<BlockId> blocks = models.blocks;
  models.blocks.push_back(batch.compose(blocks));
  models.offsets.push_back(static_cast<std::uint32_t>(models.blocks.size()));
  models.resident.push_back(models.resident.front());
  std::vector<RunFigures> figures(2);
  batch.evaluate(models, figures);
  EXPECT_NEAR(figures[1].latency / figures[0].latency, 1, 1e-9);
}

}  // namespace
}  // namespace ridgeline
