#include "search/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "search/deployed_estimator.hpp"
#include "search/parallel.hpp"
#include "search/part_counts.hpp"

namespace ridgeline {
namespace {

/// Parts that are kept over all deployments, about 2 kB each. A long search of a large space meets hundreds of
/// thousands; when there are more, it begins anew with those that it meets then.
constexpr std::size_t kMostParts = 1u << 17;
constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

/// Numbers of parts that several deployments have: whichever comes first writes them, and all would write the same.
double read_shared(double& number) { return std::atomic_ref(number).load(std::memory_order_relaxed); }
void write_shared(double& number, double value) { std::atomic_ref(number).store(value, std::memory_order_relaxed); }

void require_alike(const Workload& a, const Workload& b) {
  if (a.task != b.task || a.length != b.length || a.new_tokens != b.new_tokens)
    throw Error("all deployments of a search must have the same task and lengths");
}

}  // namespace

struct Evaluator::State {
  /// What is known of one deployment: blocks by phase and part number.
  struct Known {
    DeployedEstimator estimator;
    std::vector<std::vector<BlockId>> blocks;  ///< [phase][number]
    std::vector<BlockId> pieces = {};          ///< by number
  };
  struct PartSums {
    double parameters = 0, cache = 0;
  };

  const Space* space;
  Family family;
  std::vector<Deployment> deployments;
  Needs needs;
  int threads;
  std::size_t gene = 0;  ///< "deployment"
  bool has_gene = false;
  std::size_t phases = 1;
  std::vector<std::optional<Known>> known;
  std::vector<double> parameters;             ///< by part number; NaN unknown
  std::vector<double> cache;                  ///< elements of one sequence of one beam, by part number
  std::vector<std::uint32_t> order, next_of;  ///< designs of the round; by deployment: where its next one goes
  std::vector<char> unfinished;               ///< designs of the round with parts that are not known yet
  std::atomic<std::size_t> parts_known = 0;   ///< so far
  std::atomic<std::size_t> parts_kept = 0;

  std::size_t deployment(std::span<const Gene> genome) const { return has_gene ? genome[gene] : 0; }
  PassKind pass(std::size_t phase) const { return phase == 0 ? PassKind::first : PassKind::decode; }
  /// Whether parameters and cache of a phase's parts are those of the model: later steps have the same parts again.
  bool counts(std::size_t phase) const { return phase < 2; }

  Known& known_of(std::size_t number);
  /// Appends the blocks of a design and sums up its parts; false when one of them has not been costed yet.
  bool encode(std::span<const Gene> genome, const Known& entry, std::vector<std::uint32_t>& numbers,
              std::vector<BlockId>& blocks, PartSums& sums) const;
  /// Whether the part is to be put together from pieces; then of which.
  bool in_pieces(std::uint32_t part, PartPieces& out) const {
    return family.pieces && phases == 1 && !needs.memory && family.pieces(part, out);
  }
  void sort_by_deployment(const Population& designs);
  bool compose(Known& entry, std::uint32_t part);
  void learn(std::span<const Gene> genome, std::vector<std::uint32_t>& numbers);
  void learn_all(const Population& designs);
  void figures_of(const Population& designs, std::span<DesignFigures> figures, std::size_t first, std::size_t last);
};

Evaluator::State::Known& Evaluator::State::known_of(std::size_t number) {
  std::optional<Known>& entry = known[number];
  if (!entry) {
    entry.emplace(Known{DeployedEstimator(deployments[number]), {}});
    entry->blocks.assign(phases, std::vector<BlockId>(family.part_count, kUnknown));
    entry->pieces.assign(family.piece_count, kUnknown);
  }
  return *entry;
}

/// Counted, not compared: deployments are few.
void Evaluator::State::sort_by_deployment(const Population& designs) {
  next_of.assign(deployments.size() + 1, 0);
  for (std::size_t i = 0; i < designs.size(); ++i) ++next_of[deployment(designs.genome(i)) + 1];
  std::partial_sum(next_of.begin(), next_of.end(), next_of.begin());
  order.resize(designs.size());
  for (std::uint32_t i = 0; i < designs.size(); ++i) order[next_of[deployment(designs.genome(i))]++] = i;
}

/// False when a piece is not known yet.
bool Evaluator::State::compose(Known& entry, std::uint32_t part) {
  PartPieces pieces;
  if (!in_pieces(part, pieces)) return false;
  std::vector<BlockId> blocks;
  for (const std::uint32_t piece : pieces.numbers) {
    if (entry.pieces[piece] == kUnknown) return false;
    blocks.push_back(entry.pieces[piece]);
  }
  entry.blocks[0][part] = entry.estimator.compose(blocks);
  write_shared(parameters[part], static_cast<double>(pieces.parameters));
  ++parts_known, ++parts_kept;
  return true;
}

void Evaluator::State::learn(std::span<const Gene> genome, std::vector<std::uint32_t>& numbers) {
  const std::size_t number = deployment(genome);
  const Workload& workload = deployments[number].workload;
  Known& entry = known_of(number);
  family.parts(genome, PassKind::first, numbers);
  bool missing = phases > 1;
  for (const std::uint32_t part : numbers)
    if (entry.blocks[0][part] == kUnknown && !compose(entry, part)) missing = true;
  if (!missing) return;

  PartPieces pieces;
  const Architecture architecture = family.architecture(genome);
  const bool both = !architecture.encoder_only() && !architecture.decoder_only();
  const std::vector<PhaseParts> plans = plan(architecture, workload);
  if (plans.size() != phases) throw Error(fmt::format("{} phases where {} were expected", plans.size(), phases));
  for (std::size_t p = 0; p < phases; ++p) {
    family.parts(genome, pass(p), numbers);
    if (numbers.size() != plans[p].parts.size() || plans[p].repeats != 1)
      throw Error(
          fmt::format("the family {} does not number the parts of its models as they are planned", family.name));
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const Part& part = plans[p].parts[k];
      BlockId& block = entry.blocks[p][numbers[k]];
      if (block == kUnknown && in_pieces(numbers[k], pieces)) {
        const std::vector<BlockId> blocks = entry.estimator.pieces(part);
        if (blocks.size() != pieces.numbers.size())
          throw Error(fmt::format("the family {} does not know the pieces of its parts", family.name));
        for (std::size_t i = 0; i < blocks.size(); ++i)
          if (entry.pieces[pieces.numbers[i]] == kUnknown) entry.pieces[pieces.numbers[i]] = blocks[i];
        compose(entry, numbers[k]);
      }
      if (block == kUnknown) block = entry.estimator.block(part), ++parts_known, ++parts_kept;
      if (!counts(p) || !std::isnan(read_shared(parameters[numbers[k]]))) continue;
      const bool shared_table =
          both && p > 0 && std::holds_alternative<EmbeddingsPart>(part.body) && !architecture.decoder_embeddings;
      write_shared(parameters[numbers[k]], shared_table ? 0 : static_cast<double>(part_parameters(part)));
      Workload one = workload;
      one.batch = one.beams = 1;
      write_shared(cache[numbers[k]], static_cast<double>(part_cache_elements(part, one, both)));
    }
  }
}

/// The unfinished designs, deployment by deployment: blocks are numbered by each deployment in the order of its
/// designs, so that nothing depends on which thread costs them.
void Evaluator::State::learn_all(const Population& designs) {
  std::vector<std::size_t> ends;
  for (std::size_t k = 0; k < order.size(); ++k)
    if (k + 1 == order.size() || deployment(designs.genome(order[k])) != deployment(designs.genome(order[k + 1])))
      ends.push_back(k + 1);
  const auto learn_some = [&](std::size_t first, std::size_t last) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t k = first == 0 ? 0 : ends[first - 1]; last > 0 && k < ends[last - 1]; ++k)
      learn(designs.genome(order[k]), numbers);
  };
  parallel_for(ends.size(), threads, learn_some, 1);
}

bool Evaluator::State::encode(std::span<const Gene> genome, const Known& entry, std::vector<std::uint32_t>& numbers,
                              std::vector<BlockId>& blocks, PartSums& sums) const {
  for (std::size_t phase = 0; phase < phases; ++phase) {
    if (phase < 2) family.parts(genome, pass(phase), numbers);
    for (const std::uint32_t part : numbers) {
      const BlockId block = entry.blocks[phase][part];
      if (block == kUnknown) return false;
      blocks.push_back(block);
    }
    if (!counts(phase)) continue;
    for (const std::uint32_t part : numbers) sums.parameters += parameters[part], sums.cache += cache[part];
  }
  return true;
}

/// Of the designs order[first, last) as far as all their parts are known; the others are marked as unfinished.
void Evaluator::State::figures_of(const Population& designs, std::span<DesignFigures> figures, std::size_t first,
                                  std::size_t last) {
  EncodedModels models;
  std::vector<BatchResult> results;
  std::vector<double> cached;  // bytes of the key/value cache
  std::vector<std::uint32_t> numbers, encoded;
  for (std::size_t begin = first; begin < last;) {
    const std::size_t number = deployment(designs.genome(order[begin]));
    const Deployment& where = deployments[number];
    const std::optional<Known>& entry = known[number];
    const double weight_size = size_of(where.workload.numerics.weights).si();
    const double cache_size = size_of(where.workload.numerics.cache).si() *
                              static_cast<double>(where.workload.batch * where.workload.beams);
    models.clear();
    cached.clear();
    encoded.clear();
    for (; begin < last && deployment(designs.genome(order[begin])) == number; ++begin) {
      const std::uint32_t design = order[begin];
      PartSums sums;
      unfinished[design] = !entry || !encode(designs.genome(design), *entry, numbers, models.blocks, sums);
      if (unfinished[design]) {
        models.blocks.resize(models.offsets.back());
        continue;
      }
      models.offsets.push_back(static_cast<std::uint32_t>(models.blocks.size()));
      models.resident.push_back(sums.parameters * weight_size);
      cached.push_back(sums.cache * cache_size);
      figures[design].parameters = sums.parameters;
      encoded.push_back(design);
    }
    if (encoded.empty()) continue;
    results.resize(encoded.size());
    const bool full = needs.peak_power || needs.memory;
    entry->estimator.evaluate(models, results, full ? BatchDetail::full : BatchDetail::latency_energy);
    for (std::size_t k = 0; k < encoded.size(); ++k) {
      const BatchResult& r = results[k];
      DesignFigures& f = figures[encoded[k]];
      f.latency = r.latency, f.energy = r.energy, f.peak_power = r.peak_power, f.memory = r.memory + cached[k];
      f.batch = static_cast<double>(where.workload.batch);
      const double capacity = where.capacity.si();
      f.beyond_memory = capacity > 0 ? std::max(0.0, (models.resident[k] + cached[k]) / capacity - 1) : 0;
    }
  }
}

Evaluator::Evaluator(const Space& space, Family family, std::vector<Deployment> deployments, Needs needs, int threads)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.space = &space;
  s.family = std::move(family);
  s.deployments = std::move(deployments);
  s.needs = needs;
  s.threads = threads;
  const auto choices = space.choices();
  for (std::size_t c = 0; c < choices.size(); ++c)
    if (choices[c].name == "deployment") s.gene = c, s.has_gene = true;
  const std::size_t expected = s.has_gene ? space.domain(s.gene).size() : 1;
  if (s.deployments.size() != expected)
    throw Error(fmt::format("{} deployments for a space of {}", s.deployments.size(), expected));
  const Workload& workload = s.deployments.front().workload;
  constexpr Size kExactSteps = 64;  // of which lower() makes phases of their own
  if (workload.task == Task::generate && workload.new_tokens > kExactSteps)
    throw Error(fmt::format("a search generates at most {} tokens, not {}", kExactSteps, workload.new_tokens));
  if (workload.task == Task::train) throw Error("a search cannot estimate training steps");
  s.phases = workload.task == Task::generate ? 1 + static_cast<std::size_t>(workload.new_tokens) : 1;
  for (const Deployment& d : s.deployments) require_alike(workload, d.workload);
  s.known.resize(s.deployments.size());
  s.parameters.assign(s.family.part_count, std::numeric_limits<double>::quiet_NaN());
  s.cache.assign(s.family.part_count, 0);
}

Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

void Evaluator::evaluate(const Population& designs, std::span<DesignFigures> figures) {
  State& s = *state_;
  if (figures.size() != designs.size())
    throw Error(fmt::format("figures of {} designs for {} designs", figures.size(), designs.size()));
  if (s.parts_kept > kMostParts) {
    for (auto& entry : s.known) entry.reset();
    s.parts_kept = 0;
  }
  // Designs of one deployment follow one another; the order within is that of the population.
  s.unfinished.resize(designs.size());
  s.sort_by_deployment(designs);
  const auto look_up = [&] {
    parallel_for(s.order.size(), s.threads,
                 [&](std::size_t first, std::size_t last) { s.figures_of(designs, figures, first, last); });
  };
  look_up();
  // What has new parts is costed, and looked up again.
  std::erase_if(s.order, [&](std::uint32_t i) { return !s.unfinished[i]; });
  if (s.order.empty()) return;
  s.learn_all(designs);
  look_up();
}

void Evaluator::replace(std::size_t number, Deployment deployment) {
  State& s = *state_;
  require_alike(s.deployments.at(number).workload, deployment.workload);
  s.deployments[number] = std::move(deployment);
  s.known[number].reset();
}

std::span<const Deployment> Evaluator::deployments() const { return state_->deployments; }
const Deployment& Evaluator::deployment_of(std::span<const Gene> genome) const {
  return state_->deployments[state_->deployment(genome)];
}
const Family& Evaluator::family() const { return state_->family; }
std::size_t Evaluator::part_count() const { return state_->parts_known; }

}  // namespace ridgeline
