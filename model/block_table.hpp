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

#include "model/block_trace.hpp"
#include "model/graph.hpp"
#include "model/roofline.hpp"

namespace ridgeline {

/// A max-plus step (schedule.hpp) and the dynamic energy, that of dispatching included.
struct BlockRecord {
  double host_host = 0;
  double host_device = -1e300;
  double device_device = 0;
  double joules = 0;

  BlockRecord then(const BlockRecord& next) const;
};

inline BlockState after(const BlockState& s, const BlockRecord& r) {
  const double by_host = s.host + r.host_device, by_device = s.device + r.device_device;
  return {s.host + r.host_host, by_host > by_device ? by_host : by_device};
}

/// What the search for the peak of power needs of a block beside its record, for windows up to the table's; one cache
/// line. Bounds are rounded up to single precision.
///
/// The trace of a block depends on the lead of the device over the host when the block begins. Where the lead is
/// large the device never waits and the trace is without gaps; where it is so small that the device waits for the
/// first kernel the trace is that of a host that sets the pace. In between gaps shrink as the lead grows, so those
/// two bound the energy in any window from above and from below. Where device and host are one there is one trace.
struct alignas(64) BlockPower {
  double starved_until = 0;   ///< largest lead at which it waits for the first kernel
  double gapless_from = 0;    ///< smallest lead at which it never waits
  double inside_gapless = 0;  ///< highest energy of a window within the block, if the device never waits
  double inside_starved = 0;  ///< ... and if it waits for the first kernel
  double activations = 0;     ///< the most that its operators keep alive, in bytes
  /// How far the energy drawn until a time strays from a straight line between the first kernel's start and the
  /// block's end, in joules.
  float above_gapless = 0, below_gapless = 0, above_starved = 0, below_starved = 0;
  /// Highest power that a window can reach that begins before the block, or ends behind it.
  float head_watts = 0, tail_watts = 0;

  bool gapless(const BlockState& s) const { return s.device - s.host >= gapless_from; }
  bool starved(const BlockState& s) const { return s.device - s.host <= starved_until; }
};

/// Where a chunk begins in its block. A block that starts in state (host, device) gets there when the device has been
/// busy until max(host + by_host, device + by_device).
struct BlockKnot {
  double by_host = -1e300, by_device = 0;
  double host = 0;    ///< the host's time for what is before
  double joules = 0;  ///< drawn before
  float watts = 0;    ///< no part of the chunk draws more
  std::uint32_t chunk = 0;
};

struct BlockChunk {
  BlockRecord record;
  double watts = 0;  ///< highest dynamic power
  std::uint32_t first_kernel = 0;
  std::uint32_t kernels = 0;
};

class BlockTable {
 public:
  static constexpr std::size_t kChunkKernels = 16;

  /// Refers to the parameters. `window`: the longest over which power will be averaged, in seconds.
  BlockTable(const CostParameters& parameters, double window)
      : parameters_(&parameters), window_(window), roofline_(parameters) {}

  /// Costs the operators; `activations` is the most that they keep alive, in bytes.
  std::uint32_t add(const OperatorGraph& graph, double activations);
  /// The operators [first, last) alone.
  std::uint32_t add(const OperatorGraph& graph, OperatorVertex first, OperatorVertex last, double activations);
  /// These blocks in a row.
  std::uint32_t compose(std::span<const std::uint32_t> blocks);
  std::size_t size() const { return records_.size(); }

  std::span<const BlockRecord> records() const { return records_; }
  std::span<const BlockPower> powers() const { return powers_; }
  /// Highest dynamic power of a kernel of the block, in watts.
  double highest_watts(std::uint32_t block) const { return highest_watts_[block]; }
  /// Of the block's chunks, and a last one where the block ends.
  std::span<const BlockKnot> knots_of(std::uint32_t block) const {
    return {knots_.data() + first_knot_[block], first_knot_[block + 1] - first_knot_[block]};
  }
  const BlockChunk& chunk(std::uint32_t number) const { return chunks_[number]; }
  std::span<const BlockKernel> kernels_of(const BlockChunk& chunk) const {
    return {kernels_.data() + chunk.first_kernel, chunk.kernels};
  }
  const CostParameters& parameters() const { return *parameters_; }
  double window() const { return window_; }
  std::size_t chunk_count() const { return chunks_.size(); }

 private:
  BlockRecord record_of(const BlockKernel& kernel) const;
  BlockPower power_of(std::span<const BlockKernel> kernels) const;
  std::uint32_t intern(std::span<const BlockKernel> kernels);
  void add_knot(const BlockRecord& before, std::uint32_t chunk);
  std::uint32_t add_block(const BlockRecord& whole, std::span<const BlockKernel> kernels, double activations);

  const CostParameters* parameters_;
  double window_;
  Roofline roofline_;
  std::vector<BlockRecord> records_;
  std::vector<BlockPower> powers_;
  std::vector<double> highest_watts_;
  std::vector<std::uint32_t> first_knot_{0};
  std::vector<BlockKnot> knots_;
  std::vector<BlockChunk> chunks_;
  std::vector<BlockKernel> kernels_;
  std::unordered_multimap<std::size_t, std::uint32_t> chunk_by_hash_;
};

}  // namespace ridgeline
