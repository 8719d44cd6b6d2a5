// Exact peak power of a sequence of blocks, without looking at most of its kernels.
//
// Let C(t) be the dynamic energy used until time t of the endlessly repeated trace. Sought is the highest
// F(s) = C(s + r) - C(s) over all starts s, for a window r shorter than the trace.
//
// Windows within one block are known from the table where the block's trace is one of the two that it has been looked
// at for (BlockPower), and bounded by it elsewhere. Other windows start in a block i and end in a block j. C keeps to
// a strip around the straight line between the ends of a block, which bounds F from both sides. It also lies in a
// wedge there: it rises from the block's first value to its last, nowhere faster than the power that the window can
// reach. The two wedges bound F from above by a concave function of s with two kinks. The pair with the highest bound
// is opened into pairs of chunks, bounded by their wedges, and those into kernels, where F is piecewise linear; when
// the highest bound left is no higher than what has been reached, the search is over.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "model/block_table.hpp"

namespace ridgeline {

/// Keeps room for intermediate results, so that a thread allocates once. Not for several threads at a time.
class PeakSearch {
 public:
  explicit PeakSearch(const BlockTable& table) : table_(&table) {}

  /// What peak_power() says of the blocks' trace: highest mean power, static included, over windows of the table's
  /// length. `states` are those before each block and after the last.
  double peak(std::span<const std::uint32_t> blocks, std::span<const BlockState> states);

 private:
  /// A stretch of the trace: where it begins and what has been used by then. It ends where the next one begins; in
  /// between C(t) lies at most `above` and `below` joules off the straight line, which rises by `rate`.
  struct Stretch {
    double begin = 0, used = 0;
    double rate = 0, above = 0, below = 0;
    float head_watts = 0, tail_watts = 0;  ///< no window that ends or begins in it draws more
    bool known = true;                     ///< its trace is one of the table's

    double line(double t) const { return used + rate * (t - begin); }
  };
  /// Between two times and two sums of joules, never drawing more than `watts`.
  struct Wedge {
    double begin, end, used, used_end, watts;
  };
  /// Windows that start in block `first` and end in block `second`; once opened, in chunks of theirs.
  struct Pair {
    double bound;  ///< of F
    std::uint32_t first, second;
    std::int32_t first_chunk, second_chunk;
    bool wraps;  ///< the second block belongs to the next repetition

    friend bool operator<(const Pair& a, const Pair& b) { return a.bound < b.bound; }
  };
  /// Where the second end of a window is found: at `start + shift` in a trace that has used `extra` more.
  struct Offset {
    double shift, extra;
  };
  struct Starts {
    double from, until;
  };
  /// A block's chunks in this model.
  struct Opened {
    std::span<const BlockKnot> knots;
    BlockState state;
    double used;

    double begin(std::size_t k) const {
      return std::max(state.host + knots[k].by_host, state.device + knots[k].by_device);
    }
    Wedge wedge(std::size_t k) const {
      return {begin(k), begin(k + 1), used + knots[k].joules, used + knots[k + 1].joules, knots[k].watts};
    }
  };

  static double highest(const Wedge& a, const Wedge& b, Offset offset, Starts starts);
  double highest(const Pair& blocks) const;
  void bound(Stretch& stretch, std::size_t block) const;
  void list_blocks();
  void list_pairs();
  void list_pairs(bool wraps);
  Opened opened(std::uint32_t block) const;
  void open(const Pair& blocks);
  void look_at(const Pair& chunks);
  std::span<const Corner> corners(const Opened& block, std::int32_t chunk, std::span<Corner> room) const;
  Offset offset(bool wraps) const;
  Starts starts(bool wraps) const;
  Starts starts(const Wedge& first, const Wedge& second, bool wraps) const;
  bool may_beat(double bound) const;

  const BlockTable* table_;
  std::span<const std::uint32_t> blocks_;
  std::span<const BlockState> states_;
  double length_ = 0, total_ = 0;  ///< seconds and dynamic joules of one repetition
  double rest_ = 0;                ///< r
  bool whole_window_ = false;      ///< r is the table's window
  double best_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<Pair> pairs_;  ///< a heap
  std::array<BlockKnot, 2> idle_ = {};
  std::array<Corner, most_corners(BlockTable::kChunkKernels)> first_corners_, second_corners_;
};

}  // namespace ridgeline
