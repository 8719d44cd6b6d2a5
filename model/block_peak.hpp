// Exact peak power of a sequence of blocks, without looking at most of its kernels.
//
// Let C(t) be the dynamic energy used until time t of the endlessly repeated trace. Sought is the highest
// F(s) = C(s + r) - C(s) over all starts s, for a window r shorter than the trace.
//
// Windows within one block are known from the table where the block's trace is one of the two that it has been looked
// at for (BlockPower), and bounded by it elsewhere. Other windows start in a block i and end in a block j. Between
// the ends of a block C lies in a wedge: it rises from the block's first value to its last, nowhere faster than the
// power that the window can reach. The two wedges bound F from above by a concave function of s with two kinks. Where
// the trace is one of the two, C also keeps to a strip around the straight line through the block, which bounds F
// from both sides. The pair with the highest bound is opened into pairs of chunks, bounded by their wedges, and those
// into kernels, where F is piecewise linear; when the highest bound left is no higher than what has been reached, the
// search is over.
#pragma once

#include <limits>
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
  /// C(t) lies between line - below and line + above, line = height + rate·t.
  struct Strip {
    double height = 0, rate = 0;
    double above = std::numeric_limits<double>::infinity(), below = std::numeric_limits<double>::infinity();
  };
  /// A stretch of the trace: where it begins and what has been used by then. It ends where the next one begins.
  /// `head` and `tail` bound the power that windows reach which end and begin in it.
  struct Stretch {
    double begin = 0, used = 0;
    PowerBounds head = {}, tail = {};
  };
  /// Windows that start in block `first` and end in block `second`; once opened, in chunks of theirs.
  struct Pair {
    double bound;  ///< of F
    std::uint32_t first, second;
    std::int32_t first_chunk = -1, second_chunk = -1;
    bool wraps = false;  ///< the second block belongs to the next repetition

    friend bool operator<(const Pair& a, const Pair& b) { return a.bound < b.bound; }
  };
  /// Where the second end of a window is found: at `start + shift` in a trace that has used `extra` more.
  struct Offset {
    double shift, extra;
  };
  struct Starts {
    double from, until;
  };
  /// A block's chunks; the list ends with an end. Good for one model.
  struct Opened {
    std::uint64_t model = 0;
    std::vector<Stretch> stretches = {};
    std::vector<BlockState> states = {};
  };

  static double highest(const Stretch& a, const Stretch& a_end, const Stretch& b, const Stretch& b_end, Offset offset,
                        Starts starts);
  double highest(const Pair& blocks) const;
  template <class Visit>
  static void for_pairs(std::span<const Stretch> first, std::span<const Stretch> second, Offset offset, Starts starts,
                        Visit visit);
  static Strip strip(const PowerStrip& strip, const Stretch& stretch, double start, double joules);
  void list_blocks();
  void list_pairs();
  const Opened& opened(std::uint32_t block);
  void open(const Pair& blocks);
  void look_at(const Pair& chunks);
  std::span<const Corner> corners(std::uint32_t block, std::int32_t chunk, std::vector<Corner>& room);
  Offset offset(bool wraps) const;
  Starts starts(bool wraps) const;
  template <class Place>
  Starts starts(std::span<const Place> first, std::span<const Place> second, bool wraps) const;
  std::span<const Stretch> chunks(std::uint32_t block);
  bool may_beat(double bound) const;

  const BlockTable* table_;
  std::span<const std::uint32_t> blocks_;
  std::span<const BlockState> states_;
  double length_ = 0, total_ = 0;  ///< seconds and dynamic joules of one repetition
  double rest_ = 0;                ///< r
  bool whole_window_ = false;      ///< r is the table's window
  double best_ = 0;
  std::uint64_t model_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<Strip> strips_;
  std::vector<Pair> pairs_;  ///< a heap
  std::vector<Opened> opened_;
  std::vector<Corner> first_corners_, second_corners_;
};

}  // namespace ridgeline
