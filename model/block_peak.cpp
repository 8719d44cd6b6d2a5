#include "model/block_peak.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {

bool PeakSearch::may_beat(double bound) const {
  constexpr double kRounding = 1e-11;
  return bound > best_ * (1 + kRounding);
}

PeakSearch::Offset PeakSearch::offset(bool wraps) const {
  return wraps ? Offset{rest_ - length_, total_} : Offset{rest_, 0};
}

PeakSearch::Starts PeakSearch::starts(bool wraps) const {
  return wraps ? Starts{length_ - rest_, length_} : Starts{0, length_ - rest_};
}

/// Windows that start in the one list and end in the other, stretches or corners.
template <class Place>
PeakSearch::Starts PeakSearch::starts(std::span<const Place> first, std::span<const Place> second, bool wraps) const {
  const auto [from, until] = starts(wraps);
  const double shift = offset(wraps).shift;
  return {std::max({from, first.front().begin, second.front().begin - shift}),
          std::min({until, first.back().begin, second.back().begin - shift})};
}

/// Bound of F for windows that start in `a` and end in `b`. Up to where `b` may have drawn everything F may rise,
/// from where `a` must draw it may fall, and between the two the higher power decides.
double PeakSearch::highest(const Stretch& a, const Stretch& a_end, const Stretch& b, const Stretch& b_end,
                           Offset offset, Starts range) {
  const double saturated = b.begin + b.head.saturation - offset.shift;
  const double starts = a_end.begin - a.tail.saturation;
  const double best = saturated <= starts || b.head.watts >= a.tail.watts ? saturated : starts;
  const double s = std::min(std::max(best, range.from), range.until);
  const double reached = std::min(b.used + b.head.watts * (s + offset.shift - b.begin), b_end.used);
  const double left = std::max(a.used, a_end.used - a.tail.watts * (a_end.begin - s));
  return reached + offset.extra - left;
}

/// Walks both ends of the window and visits each pair of stretches they stand in.
template <class Visit>
void PeakSearch::for_pairs(std::span<const Stretch> first, std::span<const Stretch> second, Offset offset,
                           Starts range, Visit visit) {
  const auto [from, until] = range;
  std::size_t i = 0, j = 0;
  while (i + 2 < first.size() && first[i + 1].begin <= from) ++i;
  while (j + 2 < second.size() && second[j + 1].begin - offset.shift <= from) ++j;
  for (double start = from;;) {
    const double a_leaves = first[i + 1].begin, b_leaves = second[j + 1].begin - offset.shift;
    const double stop = std::min({a_leaves, b_leaves, until});
    if (stop >= start) {
      visit(i, j, Starts{start, stop});
      start = stop;
    }
    if (stop >= until) return;
    if (a_leaves <= stop && ++i + 1 >= first.size()) return;
    if (b_leaves <= stop && ++j + 1 >= second.size()) return;
  }
}

/// The device waits until `start` for the block's first kernel, while the line rises.
PeakSearch::Strip PeakSearch::strip(const PowerStrip& strip, const Stretch& stretch, double start, double joules) {
  const double rate = strip.seconds > 0 ? joules / strip.seconds : 0;
  return {stretch.used - rate * start, rate, strip.above + rate * (start - stretch.begin), strip.below};
}

void PeakSearch::list_blocks() {
  const std::size_t count = blocks_.size();
  stretches_.resize(count + 2);
  strips_.resize(count + 1);
  if (opened_.size() < count) opened_.resize(count);
  double used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const BlockPower& power = table_->powers()[blocks_[i]];
    const BlockState& state = states_[i];
    const double joules = table_->records()[blocks_[i]].joules;
    stretches_[i] = {state.device, used, power.head, power.tail};
    if (power.gapless(state))
      strips_[i] = strip(power.strip_gapless, stretches_[i], state.device, joules);
    else if (power.starved(state))
      strips_[i] = strip(power.strip_starved, stretches_[i], state.host + power.starved_until, joules);
    else
      strips_[i] = {};
    used += joules;
  }
  // The host may be busy when the device is done.
  const BlockState& last = states_[count];
  stretches_[count] = {last.device, used};
  stretches_[count + 1] = {std::max(last.host, last.device), used};
  strips_[count] = {used, 0, 0, 0};
  length_ = stretches_.back().begin;
  total_ = used;
}

double PeakSearch::highest(const Pair& pair) const {
  const Stretch *a = &stretches_[pair.first], *b = &stretches_[pair.second];
  return highest(a[0], a[1], b[0], b[1], offset(pair.wraps), starts(std::span(a, 2), std::span(b, 2), pair.wraps));
}

/// Pairs of blocks, unless the table knows their windows.
void PeakSearch::list_pairs() {
  pairs_.clear();
  best_ = 0;
  if (whole_window_)
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const BlockPower& power = table_->powers()[blocks_[i]];
      best_ = std::max(best_, power.gapless(states_[i]) ? power.inside_gapless : power.inside_starved);
    }
  for (const bool wraps : {false, true}) {
    const Offset at = offset(wraps);
    for_pairs(stretches_, stretches_, at, starts(wraps), [&](std::size_t i, std::size_t j, Starts range) {
      const Strip &a = strips_[i], &b = strips_[j];
      const double s = b.rate > a.rate ? range.until : range.from;
      const double line = b.height + b.rate * (s + at.shift) + at.extra - (a.height + a.rate * s);
      double bound = line + b.above + a.below;
      best_ = std::max(best_, line - b.below - a.above);
      if (i == j && !wraps && whole_window_) {
        if (i == blocks_.size()) return;
        const BlockPower& power = table_->powers()[blocks_[i]];
        if (power.gapless(states_[i]) || power.starved(states_[i])) return;
        bound = power.inside_gapless;
      }
      if (may_beat(bound))
        pairs_.push_back({.bound = bound,
                          .first = static_cast<std::uint32_t>(i),
                          .second = static_cast<std::uint32_t>(j),
                          .wraps = wraps});
    });
  }
  std::size_t kept = 0;
  for (Pair& pair : pairs_) {
    if (!may_beat(pair.bound)) continue;
    pair.bound = std::min(pair.bound, highest(pair));
    if (may_beat(pair.bound)) pairs_[kept++] = pair;
  }
  pairs_.resize(kept);
  std::make_heap(pairs_.begin(), pairs_.end());
}

const PeakSearch::Opened& PeakSearch::opened(std::uint32_t block) {
  Opened& opened = opened_[block];
  if (opened.model == model_) return opened;
  opened.model = model_;
  opened.stretches.clear();
  opened.states.clear();
  BlockState state = states_[block];
  double used = stretches_[block].used;
  for (const std::uint32_t number : table_->chunks_of(blocks_[block])) {
    const BlockChunk& chunk = table_->chunk(number);
    opened.stretches.push_back({state.device, used, chunk.bounds, chunk.bounds});
    opened.states.push_back(state);
    state = after(state, chunk.record);
    used += chunk.record.joules;
  }
  opened.stretches.push_back({state.device, used});
  return opened;
}

std::span<const PeakSearch::Stretch> PeakSearch::chunks(std::uint32_t block) {
  if (block < blocks_.size()) return opened(block).stretches;
  return std::span(stretches_).subspan(block);
}

void PeakSearch::open(const Pair& pair) {
  const std::span<const Stretch> first = chunks(pair.first), second = chunks(pair.second);
  const Offset at = offset(pair.wraps);
  for_pairs(first, second, at, starts(first, second, pair.wraps), [&](std::size_t i, std::size_t j, Starts range) {
    const double bound = highest(first[i], first[i + 1], second[j], second[j + 1], at, range);
    if (!may_beat(bound)) return;
    pairs_.push_back(
        {bound, pair.first, pair.second, static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), pair.wraps});
    std::push_heap(pairs_.begin(), pairs_.end());
  });
}

std::span<const Corner> PeakSearch::corners(std::uint32_t block, std::int32_t chunk, std::vector<Corner>& room) {
  room.clear();
  if (block < blocks_.size()) {
    const Opened& opened = opened_[block];
    BlockState state = opened.states[chunk];
    double used = opened.stretches[chunk].used;
    append_trace(table_->kernels_of(table_->chunk(table_->chunks_of(blocks_[block])[chunk])), table_->parameters(),
                 state, used, room);
  } else {
    for (std::size_t i = block; i < stretches_.size(); ++i)
      room.push_back({stretches_[i].begin, stretches_[i].used, 0});
  }
  return room;
}

void PeakSearch::look_at(const Pair& pair) {
  const std::span<const Corner> first = corners(pair.first, pair.first_chunk, first_corners_),
                                second = corners(pair.second, pair.second_chunk, second_corners_);
  const Offset at = offset(pair.wraps);
  const auto [from, until] = starts(first, second, pair.wraps);
  if (from <= until) best_ = std::max(best_, most_energy(first, second, at.shift, from, until) + at.extra);
}

double PeakSearch::peak(std::span<const std::uint32_t> blocks, std::span<const BlockState> states) {
  const double static_power = table_->parameters().static_power.si(), window = table_->window();
  if (window <= 0) {
    double highest = 0;
    for (const std::uint32_t block : blocks) highest = std::max(highest, table_->powers()[block].watts);
    return static_power + highest;
  }
  blocks_ = blocks;
  states_ = states;
  ++model_;
  list_blocks();
  const double repetitions = std::floor(window / length_);
  rest_ = std::clamp(window - repetitions * length_, 0.0, length_);
  whole_window_ = repetitions == 0;
  list_pairs();
  while (!pairs_.empty()) {
    std::pop_heap(pairs_.begin(), pairs_.end());
    const Pair pair = pairs_.back();
    pairs_.pop_back();
    if (!may_beat(pair.bound)) break;
    pair.first_chunk < 0 ? open(pair) : look_at(pair);
  }
  return static_power + (repetitions * total_ + best_) / window;
}

}  // namespace ridgeline
