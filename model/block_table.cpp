#include "model/block_table.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>

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

  std::vector<Corner> corners;
  const auto trace = [&](double lead) {
    corners.clear();
    BlockState state{0, lead};
    double used = 0;
    append_trace(kernels, *parameters_, state, used, corners);
  };
  const auto inside = [&] {
    const double begin = corners.front().begin, end = corners.back().begin;
    if (window_ <= 0) return 0.0;
    if (end - begin <= window_) return corners.back().used;
    return most_energy(corners, corners, window_, begin, end - window_);
  };
  const auto strip = [&] {
    PowerStrip result{.seconds = corners.back().begin - corners.front().begin};
    const double rate = result.seconds > 0 ? corners.back().used / result.seconds : 0;
    for (const Corner& corner : corners) {
      const double excess = corner.used - rate * (corner.begin - corners.front().begin);
      result.above = std::max(result.above, excess);
      result.below = std::max(result.below, -excess);
    }
    return result;
  };
  trace(power.gapless_from);
  power.inside_gapless = inside();
  power.strip_gapless = strip();
  const double begin = corners.front().begin, end = corners.back().begin;
  for (std::size_t i = 0; i + 1 < corners.size(); ++i) {
    if (corners[i + 1].begin == corners[i].begin) continue;
    const double watts = corners[i].watts;
    power.watts = std::max(power.watts, watts);
    if (corners[i].begin - begin < window_) power.head.watts = std::max(power.head.watts, watts);
    if (end - corners[i + 1].begin < window_) power.tail.watts = std::max(power.tail.watts, watts);
  }
  for (PowerBounds* bounds : {&power.head, &power.tail})
    if (bounds->watts > 0) bounds->saturation = corners.back().used / bounds->watts;

  power.inside_starved = power.inside_gapless;
  power.strip_starved = power.strip_gapless;
  if (asynchronous && power.gapless_from > power.starved_until) {
    trace(power.starved_until);
    power.inside_starved = inside();
    power.strip_starved = strip();
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
    chunk.bounds.watts = std::max({chunk.bounds.watts, kernel.watts, kernel.dispatch > 0 ? waiting : 0});
  }
  if (chunk.bounds.watts > 0) chunk.bounds.saturation = chunk.record.joules / chunk.bounds.watts;
  kernels_.insert(kernels_.end(), kernels.begin(), kernels.end());
  const auto number = static_cast<std::uint32_t>(chunks_.size());
  chunks_.push_back(chunk);
  chunk_by_hash_.emplace(hash, number);
  return number;
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
    chunk_numbers_.push_back(number);
    whole = whole.then(chunks_[number].record);
    first = i + 1;
  }
  first_chunk_.push_back(static_cast<std::uint32_t>(chunk_numbers_.size()));
  records_.push_back(whole);
  powers_.push_back(parameters_->has_power ? power_of(kernels) : BlockPower{});
  activations_.push_back(activations);
  return static_cast<std::uint32_t>(records_.size() - 1);
}

std::uint32_t BlockTable::compose(std::span<const std::uint32_t> blocks) {
  BlockRecord whole;
  double activations = 0;
  std::vector<BlockKernel> kernels;
  for (const std::uint32_t block : blocks) {
    whole = whole.then(records_[block]);
    activations = std::max(activations, activations_[block]);
    for (std::uint32_t c = first_chunk_[block]; c < first_chunk_[block + 1]; ++c) {
      const std::uint32_t number = chunk_numbers_[c];
      chunk_numbers_.push_back(number);
      const std::span<const BlockKernel> of_chunk = kernels_of(chunks_[number]);
      kernels.insert(kernels.end(), of_chunk.begin(), of_chunk.end());
    }
  }
  first_chunk_.push_back(static_cast<std::uint32_t>(chunk_numbers_.size()));
  records_.push_back(whole);
  powers_.push_back(parameters_->has_power ? power_of(kernels) : BlockPower{});
  activations_.push_back(activations);
  return static_cast<std::uint32_t>(records_.size() - 1);
}

}  // namespace ridgeline
