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

/// Windows that start in the one and end in the other.
PeakSearch::Starts PeakSearch::starts(const Wedge& first, const Wedge& second, bool wraps) const {
  const auto [from, until] = starts(wraps);
  const double shift = offset(wraps).shift;
  return {std::max({from, first.begin, second.begin - shift}), std::min({until, first.end, second.end - shift})};
}

/// Bound of F for windows that start in `a` and end in `b`. Up to where `b` may have drawn everything F may rise,
/// from where `a` must draw it may fall, and between the two the higher power decides.
double PeakSearch::highest(const Wedge& a, const Wedge& b, Offset offset, Starts range) {
  const double saturated = b.begin + (b.watts > 0 ? (b.used_end - b.used) / b.watts : 0) - offset.shift;
  const double starts = a.end - (a.watts > 0 ? (a.used_end - a.used) / a.watts : 0);
  const double best = saturated <= starts || b.watts >= a.watts ? saturated : starts;
  const double s = std::min(std::max(best, range.from), range.until);
  const double reached = std::min(b.used + b.watts * (s + offset.shift - b.begin), b.used_end);
  const double left = std::max(a.used, a.used_end - a.watts * (a.end - s));
  return reached + offset.extra - left;
}

/// Where the trace is neither of the table's, C is the lower of the two, each from where it would have begun: the
/// device reaches each kernel at the later of the two times at which host and device alone would allow it.
void PeakSearch::bound(Stretch& stretch, std::size_t block) const {
  const BlockPower& power = table_->powers()[blocks_[block]];
  const BlockRecord& record = table_->records()[blocks_[block]];
  const BlockState& state = states_[block];
  const double seconds = states_[block + 1].device - state.device;
  const bool gapless = power.gapless(state), starved = power.starved(state);
  stretch.known = gapless || starved;
  stretch.rate = seconds > 0 ? record.joules / seconds : 0;
  if (gapless) {
    stretch.above = power.above_gapless;
    stretch.below = power.below_gapless;
    return;
  }
  const double host_begins = state.host + power.starved_until, host_takes = record.host_device - power.starved_until;
  const double host_rate = host_takes > 0 ? record.joules / host_takes : 0;
  if (starved) {  // The table's line begins with the first kernel, behind a wait.
    stretch.above = power.above_starved;
    stretch.below = power.below_starved + host_rate * (host_begins - state.device);
    return;
  }
  // Both lines run above the straight one, so `below` holds; `above` is the highest point that is under both.
  stretch.below = std::max(power.below_gapless, power.below_starved);
  const double device_rate = record.device_device > 0 ? record.joules / record.device_device : 0;
  const double by_device = power.above_gapless, device_slope = device_rate - stretch.rate;
  const double by_host = power.above_starved + host_rate * (state.device - host_begins),
               host_slope = host_rate - stretch.rate;
  const auto lower = [&](double t) { return std::min(by_device + device_slope * t, by_host + host_slope * t); };
  stretch.above = std::max(lower(0), lower(seconds));
  const double crossing = (by_host - by_device) / (device_slope - host_slope);
  if (crossing > 0 && crossing < seconds) stretch.above = std::max(stretch.above, lower(crossing));
}

void PeakSearch::list_blocks() {
  const std::size_t count = blocks_.size();
  stretches_.resize(count + 2);
  double used = 0;
  best_ = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const BlockPower& power = table_->powers()[blocks_[i]];
    Stretch& stretch = stretches_[i];
    stretch.begin = states_[i].device;
    stretch.used = used;
    stretch.head_watts = power.head_watts;
    stretch.tail_watts = power.tail_watts;
    bound(stretch, i);
    if (whole_window_)
      best_ = std::max(best_, power.gapless(states_[i]) ? power.inside_gapless : power.inside_starved);
    used += table_->records()[blocks_[i]].joules;
  }
  // The host may be busy when the device is done.
  stretches_[count] = {.begin = states_[count].device, .used = used};
  stretches_[count + 1] = {.begin = length_, .used = used};
  idle_[1].by_device = length_ - states_[count].device;
  total_ = used;
}

/// Walks both ends of the window and keeps the pairs of blocks that may hold the best one by their strips, unless the
/// table knows their windows.
void PeakSearch::list_pairs(bool wraps) {
  const auto [shift, extra] = offset(wraps);
  const auto [from, until] = starts(wraps);
  const Stretch *a = stretches_.data(), *b = a, *last = a + stretches_.size() - 2;
  while (a < last && a[1].begin <= from) ++a;
  while (b < last && b[1].begin - shift <= from) ++b;
  const std::size_t before = pairs_.size();
  pairs_.resize(before + 2 * stretches_.size());
  Pair* pair = pairs_.data() + before;
  // In registers: what is written to a pair could be a member for all that the compiler knows.
  double best = best_;
  auto i = static_cast<std::uint32_t>(a - stretches_.data()), j = static_cast<std::uint32_t>(b - stretches_.data());
  const auto last_number = static_cast<std::uint32_t>(last - stretches_.data());
  double at_start = b->line(from + shift) + extra - a->line(from);
  for (;;) {
    const double a_ends = a[1].begin, b_ends = b[1].begin - shift;
    const double stop = std::min(std::min(a_ends, b_ends), until);
    const double at_stop = b->line(stop + shift) + extra - a->line(stop);
    const double line = std::max(at_start, at_stop);
    best = std::max(best, line - (b->below + a->above));
    double bound = line + (b->above + a->below);
    if (i == j && !wraps && whole_window_) bound = a->known ? 0 : table_->powers()[blocks_[i]].inside_gapless;
    *pair = {bound, i, j, -1, -1, wraps};
    pair += bound > best;
    if (stop >= until) break;
    at_start = at_stop;
    const bool next_a = a_ends <= stop, next_b = b_ends <= stop;
    a += next_a, i += next_a;
    b += next_b, j += next_b;
    if (i > last_number || j > last_number) break;
  }
  best_ = best;
  pairs_.resize(static_cast<std::size_t>(pair - pairs_.data()));
}

void PeakSearch::list_pairs() {
  pairs_.clear();
  for (const bool wraps : {false, true}) list_pairs(wraps);
  std::size_t kept = 0;
  for (Pair& pair : pairs_) {
    if (!may_beat(pair.bound)) continue;
    const Stretch *a = &stretches_[pair.first], *b = &stretches_[pair.second];
    const Wedge first{a[0].begin, a[1].begin, a[0].used, a[1].used, a[0].tail_watts};
    const Wedge second{b[0].begin, b[1].begin, b[0].used, b[1].used, b[0].head_watts};
    pair.bound = std::min(pair.bound, highest(first, second, offset(pair.wraps), starts(first, second, pair.wraps)));
    if (may_beat(pair.bound)) pairs_[kept++] = pair;
  }
  pairs_.resize(kept);
  std::make_heap(pairs_.begin(), pairs_.end());
}

PeakSearch::Opened PeakSearch::opened(std::uint32_t block) const {
  if (block == blocks_.size()) return {idle_, states_[block], total_};
  return {table_->knots_of(blocks_[block]), states_[block], stretches_[block].used};
}

/// Walks both ends of the window over the chunks of both blocks.
void PeakSearch::open(const Pair& pair) {
  const Opened first = opened(pair.first), second = opened(pair.second);
  const Stretch *a = &stretches_[pair.first], *b = &stretches_[pair.second];
  const Offset at = offset(pair.wraps);
  const auto [from, until] = starts({a[0].begin, a[1].begin, 0, 0, 0}, {b[0].begin, b[1].begin, 0, 0, 0}, pair.wraps);
  if (first.knots.size() < 2 || second.knots.size() < 2) return;  // A block without kernels lasts no time.
  const std::size_t last_i = first.knots.size() - 2, last_j = second.knots.size() - 2;
  std::size_t i = 0, j = 0;
  while (i < last_i && first.begin(i + 1) <= from) ++i;
  while (j < last_j && second.begin(j + 1) - at.shift <= from) ++j;
  for (double start = from;;) {
    const Wedge in_first = first.wedge(i), in_second = second.wedge(j);
    const double first_ends = in_first.end, second_ends = in_second.end - at.shift;
    const double stop = std::max(start, std::min({first_ends, second_ends, until}));
    const double bound = highest(in_first, in_second, at, {start, stop});
    if (may_beat(bound)) {
      pairs_.push_back(
          {bound, pair.first, pair.second, static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), pair.wraps});
      std::push_heap(pairs_.begin(), pairs_.end());
    }
    if (stop >= until) return;
    start = stop;
    i += first_ends <= stop;
    j += second_ends <= stop;
    if (i > last_i || j > last_j) return;
  }
}

std::span<const Corner> PeakSearch::corners(const Opened& block, std::int32_t chunk, std::span<Corner> room) const {
  const BlockKnot& knot = block.knots[chunk];
  const double begin = block.begin(chunk), used = block.used + knot.joules;
  if (block.knots.data() == idle_.data()) {
    room[0] = {begin, used, 0};
    room[1] = {block.begin(chunk + 1), used, 0};
    return room.first(2);
  }
  return trace_of(table_->kernels_of(table_->chunk(knot.chunk)), table_->parameters(),
                  {block.state.host + knot.host, begin}, used, room);
}

void PeakSearch::look_at(const Pair& pair) {
  const Opened first = opened(pair.first), second = opened(pair.second);
  const Wedge in_first = first.wedge(pair.first_chunk), in_second = second.wedge(pair.second_chunk);
  const auto [from, until] = starts(in_first, in_second, pair.wraps);
  if (from > until) return;
  const Offset at = offset(pair.wraps);
  best_ = std::max(best_, most_energy(corners(first, pair.first_chunk, first_corners_),
                                      corners(second, pair.second_chunk, second_corners_), at.shift, from, until) +
                              at.extra);
}

double PeakSearch::peak(std::span<const std::uint32_t> blocks, std::span<const BlockState> states) {
  const double static_power = table_->parameters().static_power.si(), window = table_->window();
  if (window <= 0) {
    double highest = 0;
    for (const std::uint32_t block : blocks) highest = std::max(highest, table_->highest_watts(block));
    return static_power + highest;
  }
  blocks_ = blocks;
  states_ = states;
  length_ = std::max(states.back().host, states.back().device);
  const double repetitions = std::floor(window / length_);
  rest_ = std::clamp(window - repetitions * length_, 0.0, length_);
  whole_window_ = repetitions == 0;
  list_blocks();
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
