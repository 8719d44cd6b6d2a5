// Many models at once: about a microsecond for twelve heterogeneous layers.
//
// Sublayers are costed once and remembered by value (with what couples neighbours, such as a change of width, in the
// key). A model is then a short list of block numbers; its latency is a product of max-plus matrices, its energy a
// sum, its peak memory a maximum, its peak power a scan over the power segments of its blocks. Nothing is
// approximated: the result equals estimate() of the lowered program to 1e-9 relative, and a test says so.
//
// Cost: about 36 blocks a model, each a handful of loads and four max/add; energy and latency only is bound by the
// latency of the max-plus chain and the cache misses of the block table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/architecture.hpp"
#include "model/cost_parameters.hpp"
#include "model/estimate.hpp"
#include "model/workload.hpp"

namespace ridgeline {

using BlockId = std::uint32_t;

struct BatchResult {
  double latency;     ///< s
  double energy;      ///< J; NaN without power data
  double peak_power;  ///< W; NaN without power data or when not asked for
  double memory;      ///< B; NaN when not asked for
};

/// Encoded models: model i is blocks[offsets[i] .. offsets[i+1]).
struct EncodedModels {
  std::vector<BlockId> blocks;
  std::vector<std::uint32_t> offsets{0};
  std::size_t size() const { return offsets.size() - 1; }
};

enum class BatchDetail { latency_energy, full };

/// One device × runtime × workload (encoder pass, prefill or decode step). Interning is not thread-safe; evaluation
/// is.
class BatchEstimator {
 public:
  BatchEstimator(CostParameters parameters, Workload workload, Seconds sensor_window);
  ~BatchEstimator();
  BatchEstimator(BatchEstimator&&) noexcept;
  BatchEstimator& operator=(BatchEstimator&&) noexcept;

  /// Appends the model's blocks, costing those not seen before.
  void encode(const Architecture& architecture, EncodedModels& out);
  /// results.size() must equal models.size(); `threads` 0 means all cores. Results do not depend on the thread count.
  void evaluate(const EncodedModels& models, std::span<BatchResult> results,
                BatchDetail detail = BatchDetail::latency_energy, int threads = 1) const;
  std::size_t block_count() const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace ridgeline
