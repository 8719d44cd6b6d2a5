// Many models at once: about a microsecond for twelve heterogeneous layers.
//
// A program is a sequence of parts (model/lowering_parts.hpp): embeddings, sublayers, changes of width, norms, head.
// Parts are costed once and remembered by value, with what couples neighbours in the key; such a block is a number
// here, and a model a short list of them. Its latency is a product of max-plus matrices, its energy a sum, its peak
// memory a maximum, its peak power found by branch and bound over blocks, chunks of kernels and kernels
// (model/block_peak.hpp). Nothing is approximated: the result equals estimate() of the lowered program to 1e-9
// relative, and a test says so.
//
// docs/performance.md has the cost model and measurements.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/architecture.hpp"
#include "model/cost_parameters.hpp"
#include "model/lowering_parts.hpp"
#include "model/workload.hpp"

namespace ridgeline {

using BlockId = std::uint32_t;

struct BatchResult {
  double latency;     ///< s
  double energy;      ///< J; NaN without power data
  double peak_power;  ///< W; NaN without power data or when not asked for
  double memory;      ///< B; NaN when not asked for, or when blocks were put together from pieces
};

/// Encoded models: model i is blocks[offsets[i] .. offsets[i+1]).
struct EncodedModels {
  std::vector<BlockId> blocks;
  std::vector<std::uint32_t> offsets{0};
  std::vector<double> resident;  ///< B of each model that stay: weights and key/value cache

  std::size_t size() const { return offsets.size() - 1; }
  void clear();
};

enum class BatchDetail { latency_energy, full };

/// One device × runtime × workload (encoder pass, prefill or decode step). Interning is not thread-safe; evaluation
/// is.
class BatchEstimator {
 public:
  /// Error for workloads of several phases (generation, training).
  BatchEstimator(CostParameters parameters, Workload workload, Seconds sensor_window);
  ~BatchEstimator();
  BatchEstimator(BatchEstimator&&) noexcept;
  BatchEstimator& operator=(BatchEstimator&&) noexcept;

  /// Appends the model's blocks, costing those not seen before. Throws as lower() does, and then appends nothing.
  void encode(const Architecture& architecture, EncodedModels& out);
  /// The block of a part as plan() makes it: for who puts models together from parts rather than architectures.
  BlockId block(const Part& part);
  /// The pieces of a part of mixed attention (PartGraph::piece_ends), each a block; of other parts the one piece.
  /// Peak memory does not compose from pieces: models with such blocks have none (NaN).
  std::vector<BlockId> pieces(const Part& part);
  /// A block that is these blocks in a row: some 50 times faster than to cost a part that is made of known pieces.
  BlockId compose(std::span<const BlockId> blocks);
  /// results.size() must equal models.size(); `threads` 0 means all cores. Results do not depend on the thread count.
  void evaluate(const EncodedModels& models, std::span<BatchResult> results,
                BatchDetail detail = BatchDetail::latency_energy, int threads = 1) const;

  std::size_t block_count() const;
  /// Distinct runs of kernels that the blocks are made of.
  std::size_t chunk_count() const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace ridgeline
