#include "search/deployed_estimator.hpp"

#include <algorithm>

namespace ridgeline {
namespace {

/// Programs of several phases are laid end to end, which is what a batch of one phase can do.
Workload of_one_phase(Workload workload) {
  if (workload.task == Task::generate) workload.task = Task::encode;
  return workload;
}

}  // namespace

DeployedEstimator::DeployedEstimator(const Deployment& deployment) : knows_(deployment.calibration) {
  const Workload workload = of_one_phase(deployment.workload);
  if (knows_)
    calibrated_ = std::make_unique<CalibratedBatch>(*knows_->calibration, knows_->data_sheet, workload,
                                                    deployment.sensor_window);
  if (!knows_ || knows_->changed) plain_.emplace(deployment.parameters, workload, deployment.sensor_window);
}

BlockId DeployedEstimator::block(const Part& part) {
  return number(plain_ ? plain_->block(part) : 0, calibrated_ ? calibrated_->block(part) : 0);
}

std::vector<BlockId> DeployedEstimator::pieces(const Part& part) {
  std::vector<BlockId> plain, corrected;
  if (plain_) plain = plain_->pieces(part);
  if (calibrated_) corrected = calibrated_->pieces(part);
  std::vector<BlockId> numbers(std::max(plain.size(), corrected.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number(plain_ ? plain[i] : 0, calibrated_ ? corrected[i] : 0);
  return numbers;
}

BlockId DeployedEstimator::compose(std::span<const BlockId> blocks) {
  if (!two()) return plain_ ? plain_->compose(blocks) : calibrated_->compose(blocks);
  std::vector<BlockId> plain, corrected;
  for (const BlockId b : blocks) plain.push_back(pairs_[b].plain), corrected.push_back(pairs_[b].corrected);
  return number(plain_->compose(plain), calibrated_->compose(corrected));
}

void DeployedEstimator::evaluate(const EncodedModels& models, std::span<BatchResult> results,
                                 BatchDetail detail) const {
  if (!calibrated_) return plain_->evaluate(models, results, detail);
  const EncodedModels described = two() ? translated(models, &Pair::corrected) : EncodedModels();
  std::vector<CalibratedResult> calibrated(results.size());
  calibrated_->evaluate(two() ? described : models, calibrated, detail);
  if (two())
    plain_->evaluate(translated(models, &Pair::plain), results, detail);
  else
    for (std::size_t i = 0; i < results.size(); ++i) results[i] = calibrated[i].warm;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const CalibratedResult& says = calibrated[i];
    results[i].latency *= says.latency_factor;
    if (knows_->energy) results[i].energy *= says.energy_factor;
    if (knows_->peak_power && detail == BatchDetail::full)
      results[i].peak_power =
          two() ? results[i].peak_power * says.peak_power / says.warm.peak_power : says.peak_power;
  }
}

BlockId DeployedEstimator::number(BlockId plain, BlockId corrected) {
  if (!two()) return plain_ ? plain : corrected;
  pairs_.push_back({plain, corrected});
  return static_cast<BlockId>(pairs_.size() - 1);
}

EncodedModels DeployedEstimator::translated(const EncodedModels& models, BlockId Pair::*side) const {
  EncodedModels all = models;
  for (BlockId& block : all.blocks) block = pairs_[block].*side;
  return all;
}

}  // namespace ridgeline
