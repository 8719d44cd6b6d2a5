// Exact peak power of a sequence of blocks, without looking at most of its kernels.
//
// Let C(t) be the dynamic energy used until time t of the endlessly repeated trace. Sought is the highest
// F(s) = C(s + r) - C(s) over all starts s, for a window r shorter than the trace. Between the ends of a block C lies
// in a wedge: it rises from the block's first value to its last, nowhere faster than the block's highest power. For a
// window that starts in block i and ends in block j the two wedges bound F from above by a concave function of s with
// two kinks. Pairs of blocks whose bound beats what has been reached are opened into pairs of chunks, bounded in the
// same way, and those into kernels, where F is piecewise linear and highest where one end of the window meets one of
// a kernel's.
#pragma once

#include <span>
#include <vector>

#include "model/block_table.hpp"

namespace ridgeline {

/// Keeps room for intermediate results, so that a thread allocates once. Not for several threads at a time.
class PeakSearch {
 public:
  explicit PeakSearch(const BlockTable& table) : table_(&table) {}

  /// What peak_power() says of the blocks' trace: highest mean power, static included, over windows of that length.
  /// `states` are those before each block and after the last.
  double peak(std::span<const std::uint32_t> blocks, std::span<const BlockState> states, double window);

 private:
  /// A stretch of the trace: where it begins and what has been used by then. It ends where the next one begins.
  struct Stretch {
    double begin = 0, used = 0;
    PowerBounds bounds = {};
  };
  /// Windows that start in stretch `first` and end in stretch `second`, with starts in [from, until].
  struct Pair {
    std::size_t first, second;
    double from, until;
    double bound;  ///< of F
  };
  /// Where the second end of a window is found: at `start + shift` in a trace that has used `extra` more.
  struct Offset {
    double shift, extra;
  };
  /// A block opened into chunks, and lastly one of them into kernels. Lists of stretches and corners end with an end.
  struct Opened {
    std::vector<Stretch> stretches = {};
    std::vector<BlockState> states = {};
    std::vector<Stretch> corners = {};  ///< bounds.watts is the power there
  };

  template <class Visit>
  static void for_pairs(std::span<const Stretch> first, std::span<const Stretch> second, Offset offset, double from,
                        double until, Visit visit);
  void list_blocks(std::span<const std::uint32_t> blocks, std::span<const BlockState> states);
  void open_block(std::uint32_t block, BlockState state, double used, Opened& opened) const;
  void open_chunk(std::uint32_t chunk, BlockState state, double used, Opened& opened) const;
  void search_blocks(std::span<const std::uint32_t> blocks, std::span<const BlockState> states, Offset offset,
                     double from, double until);
  void search_pair(const Pair& pair, std::span<const std::uint32_t> blocks, std::span<const BlockState> states,
                   Offset offset);
  void search_kernels(const Pair& pair, Offset offset);
  bool may_beat(double bound) const;

  const BlockTable* table_;
  double best_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<Pair> pairs_;
  Opened first_, second_;
};

}  // namespace ridgeline
