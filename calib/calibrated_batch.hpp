// Calibrated, residual-corrected figures of many models at once: model/batch.hpp with a calibration on top.
//
// Latency and energy come from the batch estimator under the calibrated parameters, what is observed of a run from
// calib/observation.hpp, and the residual from sums over blocks of what calib/work_sums.hpp says of their operators:
// each block is summed up once, when it is first seen. Figures equal those of predict() (calib/calibration.hpp) but
// for tilings, which the estimator chooses anew under calibrated rates where a fit keeps the data sheet's: 1 % at
// most. Some 2 us a model on one core; bench/calib has it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "calib/calibration.hpp"
#include "calib/work_sums.hpp"
#include "model/batch.hpp"

namespace ridgeline {

/// The warm batch under the calibrated parameters, and what the calibration says of it beyond them.
struct CalibratedResult {
  BatchResult warm;
  double latency_factor = 1, energy_factor = 1;  ///< corrected / analytic, of what the protocol measures
  double peak_power = 0;                         ///< W, as the protocol measures it; NaN without power data
};

class CalibratedBatch {
 public:
  /// Error as calibrated_model() and BatchEstimator throw it. `data_sheet` is of the calibration's device.
  CalibratedBatch(Calibration calibration, const CostParameters& data_sheet, Workload workload,
                  Seconds sensor_window);
  ~CalibratedBatch();

  /// As those of BatchEstimator; models must be put together from blocks that these have given.
  void encode(const Architecture& architecture, EncodedModels& out);
  BlockId block(const Part& part);
  std::vector<BlockId> pieces(const Part& part);
  BlockId compose(std::span<const BlockId> blocks);

  /// A sequence's latency (s) and energy (J), and peak power (W), as the calibration's protocol measures them; NaN
  /// for energy and power without power data. results.size() must equal models.size().
  void evaluate(const EncodedModels& models, std::span<RunFigures> results) const;

  /// The same as factors on warm figures, which need not be whole processes. The resident sizes must be those of the
  /// weights alone.
  void evaluate(const EncodedModels& models, std::span<CalibratedResult> results, BatchDetail detail) const;

  const BatchEstimator& estimator() const { return estimator_; }

 private:
  struct BlockSums {
    WorkSums work;
    double fastest = 0;  ///< s at the data sheet's peak rates
    bool known = false;
  };
  struct Rooflines;
  void sum_up(BlockId id, const Part& part);
  BlockSums sums_of(const OperatorGraph& graph, OperatorVertex first, OperatorVertex last) const;
  void observe_all(const EncodedModels& models, std::span<const BatchResult> warm, std::span<RunFigures> analytic,
                   std::span<RunFigures> figures) const;
  const BlockSums& known(BlockId id) const;

  Calibration calibration_;
  Workload workload_;
  std::unique_ptr<const Rooflines> rooflines_;
  BatchEstimator estimator_;
  std::vector<BlockSums> sums_;  ///< by block
};

}  // namespace ridgeline
