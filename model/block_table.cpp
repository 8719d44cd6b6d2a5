#include "model/block_table.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/schedule.hpp"

namespace ridgeline {
namespace {

std::size_t hash_of(const BlockKernel& kernel) {
  std::size_t seed = 0;
  boost::hash_combine(seed, kernel.dispatch);
  boost::hash_combine(seed, kernel.duration);
  boost::hash_combine(seed, kernel.watts);
  return seed;
}

/// One kernel in eight ends a chunk.
bool ends_chunk(const BlockKernel& kernel) {
  constexpr std::size_t kOneIn = 8;
  return (hash_of(kernel) * 0x9e3779b97f4a7c15u >> 32) % kOneIn == 0;
}

/// The next single-precision number that is no smaller.
float rounded_up(double x) {
  const float nearest = static_cast<float>(x);
  return static_cast<double>(nearest) < x ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
}

}  // namespace

BlockRecord BlockRecord::then(const BlockRecord& next) const {
  return {host_host + next.host_host, std::max(host_host + next.host_device, host_device + next.device_device),
          device_device + next.device_device, joules + next.joules};
}

BlockRecord BlockTable::record_of(const BlockKernel& kernel) const {
  OperatorCost cost;
  cost.dispatch = Seconds(kernel.dispatch);
  cost.duration = Seconds(kernel.duration);
  const QueueStep step = queue_step(cost, *parameters_);
  double joules = kernel.watts * kernel.duration;
  joules += waiting_power(*parameters_).si() * kernel.dispatch;
  return {step.host_host.si(), step.host_device.si(), step.device_device.si(), joules};
}

BlockPower BlockTable::power_of(std::span<const BlockKernel> kernels) const {
  BlockPower power;
  const bool asynchronous = parameters_->asynchronous;
  double dispatched = parameters_->launch.si(), computed = 0;
  power.starved_until = kernels.empty() ? 0 : dispatched + kernels.front().dispatch;
  for (const BlockKernel& kernel : kernels) {
    dispatched += kernel.dispatch;
    if (kernel.duration > 0) power.gapless_from = std::max(power.gapless_from, dispatched - computed);
    computed += kernel.duration;
  }
  if (!asynchronous) power.starved_until = power.gapless_from = 0;

  std::vector<Corner> room(most_corners(kernels.size()));
  std::span<const Corner> corners;
  const auto trace = [&](double lead) { corners = trace_of(kernels, *parameters_, {0, lead}, 0, room); };
  const auto inside = [&] {
    const double begin = corners.front().begin, end = corners.back().begin;
    if (window_ <= 0) return 0.0;
    if (end - begin <= window_) return corners.back().used;
    return most_energy(corners, corners, window_, begin, end - window_);
  };
  const auto strip = [&](float& above, float& below) {
    const double begin = corners.front().begin, seconds = corners.back().begin - begin;
    const double rate = seconds > 0 ? corners.back().used / seconds : 0;
    double highest = 0, lowest = 0;
    for (const Corner& corner : corners) {
      const double excess = corner.used - rate * (corner.begin - begin);
      highest = std::max(highest, excess);
      lowest = std::min(lowest, excess);
    }
    above = rounded_up(highest);
    below = rounded_up(-lowest);
  };
  trace(power.gapless_from);
  power.inside_gapless = inside();
  strip(power.above_gapless, power.below_gapless);
  const double begin = corners.front().begin, end = corners.back().begin;
  double head = 0, tail = 0;
  for (std::size_t i = 0; i + 1 < corners.size(); ++i) {
    if (corners[i + 1].begin == corners[i].begin) continue;
    const double watts = corners[i].watts;
    if (corners[i].begin - begin < window_) head = std::max(head, watts);
    if (end - corners[i + 1].begin < window_) tail = std::max(tail, watts);
  }
  power.head_watts = rounded_up(head);
  power.tail_watts = rounded_up(tail);

  power.inside_starved = power.inside_gapless;
  power.above_starved = power.above_gapless;
  power.below_starved = power.below_gapless;
  if (asynchronous && power.gapless_from > power.starved_until) {
    trace(power.starved_until);
    power.inside_starved = inside();
    strip(power.above_starved, power.below_starved);
  }
  return power;
}

std::uint32_t BlockTable::intern(std::span<const BlockKernel> kernels) {
  std::size_t hash = kernels.size();
  for (const BlockKernel& kernel : kernels) boost::hash_combine(hash, hash_of(kernel));
  const auto [begin, end] = chunk_by_hash_.equal_range(hash);
  for (auto known = begin; known != end; ++known)
    if (std::ranges::equal(kernels_of(chunks_[known->second]), kernels)) return known->second;

  BlockChunk chunk;
  chunk.first_kernel = static_cast<std::uint32_t>(kernels_.size());
  chunk.kernels = static_cast<std::uint32_t>(kernels.size());
  const double waiting = waiting_power(*parameters_).si();
  for (const BlockKernel& kernel : kernels) {
    chunk.record = chunk.record.then(record_of(kernel));
    chunk.watts = std::max({chunk.watts, kernel.watts, kernel.dispatch > 0 ? waiting : 0});
  }
  kernels_.insert(kernels_.end(), kernels.begin(), kernels.end());
  const auto number = static_cast<std::uint32_t>(chunks_.size());
  chunks_.push_back(chunk);
  chunk_by_hash_.emplace(hash, number);
  return number;
}

void BlockTable::add_knot(const BlockRecord& before, std::uint32_t chunk) {
  // Where host and device are one a state's two times are equal, and either step will do.
  const double by_device = parameters_->asynchronous ? before.device_device : before.host_host;
  knots_.push_back(
      {before.host_device, by_device, before.host_host, before.joules, rounded_up(chunks_[chunk].watts), chunk});
}

std::uint32_t BlockTable::add_block(const BlockRecord& whole, std::span<const BlockKernel> kernels,
                                    double activations) {
  knots_.push_back({.by_host = whole.host_device,
                    .by_device = parameters_->asynchronous ? whole.device_device : whole.host_host,
                    .host = whole.host_host,
                    .joules = whole.joules});
  first_knot_.push_back(static_cast<std::uint32_t>(knots_.size()));
  records_.push_back(whole);
  BlockPower power = parameters_->has_power ? power_of(kernels) : BlockPower{};
  power.activations = activations;
  powers_.push_back(power);
  double highest = 0;
  const auto knots = knots_of(static_cast<std::uint32_t>(records_.size() - 1));
  for (const BlockKnot& knot : knots.first(knots.size() - 1)) highest = std::max(highest, chunks_[knot.chunk].watts);
  highest_watts_.push_back(highest);
  return static_cast<std::uint32_t>(records_.size() - 1);
}

std::uint32_t BlockTable::add(const OperatorGraph& graph, double activations) {
  return add(graph, 0, num_vertices(graph), activations);
}

std::uint32_t BlockTable::add(const OperatorGraph& graph, OperatorVertex first_vertex, OperatorVertex last_vertex,
                              double activations) {
  std::vector<BlockKernel> kernels;
  double waiting = 0;
  for (OperatorVertex v = first_vertex; v < last_vertex; ++v) {
    const OperatorCost cost = roofline_.cost(graph[v].op);
    waiting += cost.dispatch.si();
    if (cost.duration.si() == 0) continue;
    kernels.push_back({waiting, cost.duration.si(), (cost.energy / cost.duration).si()});
    waiting = 0;
  }
  if (waiting > 0) kernels.push_back({waiting, 0, 0});

  BlockRecord whole;
  std::size_t first = 0;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const std::size_t length = i + 1 - first;
    if (i + 1 < kernels.size() && length < kChunkKernels && !ends_chunk(kernels[i])) continue;
    const std::uint32_t number = intern(std::span(kernels).subspan(first, length));
    add_knot(whole, number);
    whole = whole.then(chunks_[number].record);
    first = i + 1;
  }
  return add_block(whole, kernels, activations);
}

std::uint32_t BlockTable::compose(std::span<const std::uint32_t> blocks) {
  BlockRecord whole;
  double activations = 0;
  std::vector<BlockKernel> kernels;
  for (const std::uint32_t block : blocks) {
    activations = std::max(activations, powers_[block].activations);
    for (std::uint32_t k = first_knot_[block]; k + 1 < first_knot_[block + 1]; ++k) {
      const BlockChunk& chunk = chunks_[knots_[k].chunk];
      add_knot(whole, knots_[k].chunk);
      whole = whole.then(chunk.record);
      const std::span<const BlockKernel> of_chunk = kernels_of(chunk);
      kernels.insert(kernels.end(), of_chunk.begin(), of_chunk.end());
    }
  }
  return add_block(whole, kernels, activations);
}

}  // namespace ridgeline
