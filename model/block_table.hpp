// Blocks: parts of models whose operators are costed once and remembered.
//
// A block is a sequence of kernels. It is kept at three levels of detail:
//   a record of four numbers: its max-plus step and its dynamic energy,
//   chunks of at most kChunkKernels kernels, each with its own step, energy and highest power,
//   kernels.
// Chunks are shared by value between blocks. They are cut where the kernel's content says so, so the same run of
// kernels (a head of the same kind, say) gives the same chunks wherever it stands and 10^5 blocks need few chunks.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/graph.hpp"
#include "model/roofline.hpp"

namespace ridgeline {

/// What the schedule does with one launched kernel; all in SI units.
struct BlockKernel {
  double dispatch = 0;  ///< host time, that of metadata operators before it included
  double duration = 0;  ///< zero: launches nothing (what is left of the host's work at a block's end)
  double watts = 0;     ///< dynamic
  friend bool operator==(const BlockKernel&, const BlockKernel&) = default;
};

/// A max-plus step (schedule.hpp) and the dynamic energy, that of dispatching included.
struct BlockRecord {
  double host_host = 0;
  double host_device = -1e300;
  double device_device = 0;
  double joules = 0;

  BlockRecord then(const BlockRecord& next) const;
};

struct BlockState {
  double host = 0;
  double device = 0;

  BlockState after(const BlockRecord& r) const {
    const double by_host = host + r.host_device, by_device = device + r.device_device;
    return {host + r.host_host, by_host > by_device ? by_host : by_device};
  }
};

/// What the search for the peak of power needs of a block or a chunk beside its record.
struct PowerBounds {
  double watts = 0;       ///< highest dynamic power
  double saturation = 0;  ///< joules / watts: no part that holds all the energy is shorter
};

struct BlockChunk {
  BlockRecord record;
  PowerBounds bounds;
  std::uint32_t first_kernel = 0;
  std::uint32_t kernels = 0;
};

class BlockTable {
 public:
  static constexpr std::size_t kChunkKernels = 16;

  /// Refers to the parameters.
  explicit BlockTable(const CostParameters& parameters) : parameters_(&parameters), roofline_(parameters) {}

  /// Costs the operators; `activations` is the most that they keep alive, in bytes.
  std::uint32_t add(const OperatorGraph& graph, double activations);
  std::size_t size() const { return records_.size(); }

  std::span<const BlockRecord> records() const { return records_; }
  std::span<const PowerBounds> bounds() const { return bounds_; }
  std::span<const double> activations() const { return activations_; }
  std::span<const std::uint32_t> chunks_of(std::uint32_t block) const {
    return {chunk_numbers_.data() + first_chunk_[block], first_chunk_[block + 1] - first_chunk_[block]};
  }
  const BlockChunk& chunk(std::uint32_t number) const { return chunks_[number]; }
  std::span<const BlockKernel> kernels_of(const BlockChunk& chunk) const {
    return {kernels_.data() + chunk.first_kernel, chunk.kernels};
  }
  const CostParameters& parameters() const { return *parameters_; }
  std::size_t chunk_count() const { return chunks_.size(); }

 private:
  BlockRecord record_of(const BlockKernel& kernel) const;
  std::uint32_t intern(std::span<const BlockKernel> kernels);

  const CostParameters* parameters_;
  Roofline roofline_;
  std::vector<BlockRecord> records_;
  std::vector<PowerBounds> bounds_;
  std::vector<double> activations_;
  std::vector<std::uint32_t> first_chunk_{0};
  std::vector<std::uint32_t> chunk_numbers_;
  std::vector<BlockChunk> chunks_;
  std::vector<BlockKernel> kernels_;
  std::unordered_multimap<std::size_t, std::uint32_t> chunk_by_hash_;
};

}  // namespace ridgeline
