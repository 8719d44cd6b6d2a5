// Fast estimates on one deployment, with its calibration where it has one.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "calib/calibrated_batch.hpp"
#include "model/batch.hpp"
#include "search/deployment.hpp"

namespace ridgeline {

/// Blocks have numbers of its own: under a changed description there are two estimators, one for the figures and one
/// for their corrections.
class DeployedEstimator {
 public:
  explicit DeployedEstimator(const Deployment& deployment);

  BlockId block(const Part& part);
  std::vector<BlockId> pieces(const Part& part);
  BlockId compose(std::span<const BlockId> blocks);

  /// Resident sizes are those of the weights.
  void evaluate(const EncodedModels& models, std::span<BatchResult> results, BatchDetail detail) const;

 private:
  struct Pair {
    BlockId plain, corrected;
  };
  bool two() const { return plain_ && calibrated_; }
  BlockId number(BlockId plain, BlockId corrected);
  EncodedModels translated(const EncodedModels& models, BlockId Pair::*side) const;

  std::optional<DeployedCalibration> knows_;
  std::optional<BatchEstimator> plain_;
  std::unique_ptr<CalibratedBatch> calibrated_;
  std::vector<Pair> pairs_;
};

}  // namespace ridgeline
