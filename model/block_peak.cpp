#include "model/block_peak.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {

bool PeakSearch::may_beat(double bound) const {
  constexpr double kRounding = 1e-11;
  return bound > best_ * (1 + kRounding);
}

/// Walks both ends of the window from `from` until `until` and visits each pair of stretches they stand in.
template <class Visit>
void PeakSearch::for_pairs(std::span<const Stretch> first, std::span<const Stretch> second, Offset offset,
                           double from, double until, Visit visit) {
  std::size_t i = 0, j = 0;
  while (i + 2 < first.size() && first[i + 1].begin <= from) ++i;
  while (j + 2 < second.size() && second[j + 1].begin - offset.shift <= from) ++j;
  for (double start = from;;) {
    const Stretch &a = first[i], &a_end = first[i + 1], &b = second[j], &b_end = second[j + 1];
    const double b_leaves = b_end.begin - offset.shift;
    const double stop = std::min({a_end.begin, b_leaves, until});
    const auto highest = [&](double s) {
      const double reached = std::min(b.used + b.bounds.watts * (s + offset.shift - b.begin), b_end.used);
      const double left = std::max(a.used, a_end.used - a.bounds.watts * (a_end.begin - s));
      return reached + offset.extra - left;
    };
    if (stop >= start) {
      const double b_saturated = std::clamp(b.begin + b.bounds.saturation - offset.shift, start, stop);
      const double a_starts = std::clamp(a_end.begin - a.bounds.saturation, start, stop);
      visit(Pair{i, j, start, stop, std::max(highest(b_saturated), highest(a_starts))});
      start = stop;
    }
    if (stop >= until) return;
    if (a_end.begin <= stop && ++i + 1 >= first.size()) return;
    if (b_leaves <= stop && ++j + 1 >= second.size()) return;
  }
}

void PeakSearch::list_blocks(std::span<const std::uint32_t> blocks, std::span<const BlockState> states) {
  stretches_.resize(blocks.size() + 2);
  double used = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    stretches_[i] = {states[i].device, used, table_->bounds()[blocks[i]]};
    used += table_->records()[blocks[i]].joules;
  }
  // The host may be busy when the device is done.
  const BlockState& last = states[blocks.size()];
  stretches_[blocks.size()] = {last.device, used};
  stretches_[blocks.size() + 1] = {std::max(last.host, last.device), used};
}

void PeakSearch::open_block(std::uint32_t block, BlockState state, double used, Opened& opened) const {
  opened.stretches.clear();
  opened.states.clear();
  for (const std::uint32_t number : table_->chunks_of(block)) {
    const BlockChunk& chunk = table_->chunk(number);
    opened.stretches.push_back({state.device, used, chunk.bounds});
    opened.states.push_back(state);
    state = state.after(chunk.record);
    used += chunk.record.joules;
  }
  opened.stretches.push_back({state.device, used});
}

void PeakSearch::open_chunk(std::uint32_t number, BlockState state, double used, Opened& opened) const {
  const CostParameters& parameters = table_->parameters();
  const double launch = parameters.launch.si(), waiting = parameters.dispatch_power.si();
  opened.corners.clear();
  for (const BlockKernel& kernel : table_->kernels_of(table_->chunk(number))) {
    state.host += kernel.dispatch;
    if (parameters.asynchronous) {
      if (kernel.duration == 0) continue;
      const double start = std::max(state.device, state.host + launch);
      if (start > state.device) opened.corners.push_back({state.device, used, {0}});
      opened.corners.push_back({start, used, {kernel.watts}});
      state.device = start + kernel.duration;
    } else {
      opened.corners.push_back({state.device, used, {waiting}});
      used += waiting * kernel.dispatch;
      opened.corners.push_back({state.host, used, {kernel.watts}});
      state.host += kernel.duration;
      state.device = state.host;
    }
    used += kernel.watts * kernel.duration;
  }
  opened.corners.push_back({state.device, used});
}

void PeakSearch::search_kernels(const Pair& pair, Offset offset) {
  const std::vector<Stretch>&first = first_.corners, &second = second_.corners;
  std::size_t i = 0, j = 0;
  while (i + 2 < first.size() && first[i + 1].begin <= pair.from) ++i;
  while (j + 2 < second.size() && second[j + 1].begin - offset.shift <= pair.from) ++j;
  for (double s = pair.from;;) {
    const double left = first[i].used + first[i].bounds.watts * (s - first[i].begin);
    const double reached = second[j].used + second[j].bounds.watts * (s + offset.shift - second[j].begin);
    best_ = std::max(best_, reached + offset.extra - left);
    if (s >= pair.until) return;
    const bool more_first = i + 2 < first.size(), more_second = j + 2 < second.size();
    const double next_first = more_first ? first[i + 1].begin : pair.until;
    const double next_second = more_second ? second[j + 1].begin - offset.shift : pair.until;
    s = std::min({std::max(s, next_first), std::max(s, next_second), pair.until});
    if (more_first && next_first <= s) ++i;
    if (more_second && next_second <= s) ++j;
  }
}

void PeakSearch::search_pair(const Pair& pair, std::span<const std::uint32_t> blocks,
                             std::span<const BlockState> states, Offset offset) {
  const auto open = [&](std::size_t stretch, Opened& opened) {
    if (stretch < blocks.size()) {
      open_block(blocks[stretch], states[stretch], stretches_[stretch].used, opened);
    } else {
      opened.stretches = {stretches_[stretch], stretches_[stretch + 1]};
    }
  };
  open(pair.first, first_);
  open(pair.second, second_);
  for_pairs(first_.stretches, second_.stretches, offset, pair.from, pair.until, [&](const Pair& chunks) {
    if (!may_beat(chunks.bound)) return;
    const auto open_kernels = [&](std::size_t stretch, std::size_t chunk, Opened& opened) {
      if (stretch < blocks.size()) {
        open_chunk(table_->chunks_of(blocks[stretch])[chunk], opened.states[chunk], opened.stretches[chunk].used,
                   opened);
      } else {
        opened.corners = opened.stretches;
      }
    };
    open_kernels(pair.first, chunks.first, first_);
    open_kernels(pair.second, chunks.second, second_);
    search_kernels(chunks, offset);
  });
}

void PeakSearch::search_blocks(std::span<const std::uint32_t> blocks, std::span<const BlockState> states,
                               Offset offset, double from, double until) {
  pairs_.clear();
  std::size_t highest = 0;
  for_pairs(stretches_, stretches_, offset, from, until, [&](const Pair& pair) {
    if (!may_beat(pair.bound)) return;
    if (!pairs_.empty() && pair.bound > pairs_[highest].bound) highest = pairs_.size();
    pairs_.push_back(pair);
  });
  if (pairs_.empty()) return;
  search_pair(pairs_[highest], blocks, states, offset);
  pairs_[highest].bound = 0;
  for (const Pair& pair : pairs_)
    if (may_beat(pair.bound)) search_pair(pair, blocks, states, offset);
}

double PeakSearch::peak(std::span<const std::uint32_t> blocks, std::span<const BlockState> states, double window) {
  const double static_power = table_->parameters().static_power.si();
  if (window <= 0) {
    double highest = 0;
    for (const std::uint32_t block : blocks) highest = std::max(highest, table_->bounds()[block].watts);
    return static_power + highest;
  }
  list_blocks(blocks, states);
  const double length = stretches_.back().begin, total = stretches_.back().used;
  const double repetitions = std::floor(window / length);
  const double rest = std::clamp(window - repetitions * length, 0.0, length);
  best_ = 0;
  search_blocks(blocks, states, {rest, 0}, 0, length - rest);
  search_blocks(blocks, states, {rest - length, total}, length - rest, length);
  return static_power + (repetitions * total + best_) / window;
}

}  // namespace ridgeline
