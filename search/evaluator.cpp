#include "search/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "calib/calibrated_batch.hpp"
#include "model/batch.hpp"
#include "search/optimiser.hpp"
#include "search/part_counts.hpp"

namespace ridgeline {
namespace {

constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

/// The estimator of a deployment, with its calibration where it has one.
class DeployedEstimator {
 public:
  explicit DeployedEstimator(const Deployment& deployment) : deployment_(&deployment) {
    // Programs of several phases are laid end to end, which is what a batch of one phase can do.
    Workload workload = deployment.workload;
    if (workload.task == Task::generate) workload.task = Task::encode;
    if (const auto& known = deployment.calibration)
      calibrated_ = std::make_unique<CalibratedBatch>(*known->calibration, known->data_sheet, workload,
                                                      deployment.sensor_window);
    else
      plain_.emplace(deployment.parameters, workload, deployment.sensor_window);
  }

  BlockId block(const Part& part) { return calibrated_ ? calibrated_->block(part) : plain_->block(part); }
  std::vector<BlockId> pieces(const Part& part) {
    return calibrated_ ? calibrated_->pieces(part) : plain_->pieces(part);
  }
  BlockId compose(std::span<const BlockId> blocks) {
    return calibrated_ ? calibrated_->compose(blocks) : plain_->compose(blocks);
  }
  /// Resident sizes are those of the weights.
  void evaluate(const EncodedModels& models, std::span<BatchResult> results, BatchDetail detail) const {
    if (!calibrated_) return plain_->evaluate(models, results, detail);
    std::vector<CalibratedResult> calibrated(results.size());
    calibrated_->evaluate(models, calibrated, detail);
    const DeployedCalibration& knows = *deployment_->calibration;
    for (std::size_t i = 0; i < results.size(); ++i) {
      results[i] = calibrated[i].warm;
      results[i].latency *= calibrated[i].latency_factor;
      if (knows.energy) results[i].energy *= calibrated[i].energy_factor;
      if (knows.peak_power && detail == BatchDetail::full) results[i].peak_power = calibrated[i].peak_power;
    }
  }

 private:
  const Deployment* deployment_;
  std::optional<BatchEstimator> plain_;
  std::unique_ptr<CalibratedBatch> calibrated_;
};

}  // namespace

struct Evaluator::State {
  /// What is known of one deployment: blocks by phase and part number.
  struct Known {
    DeployedEstimator estimator;
    std::vector<std::vector<BlockId>> blocks;  ///< [phase][number]
    std::vector<BlockId> pieces = {};          ///< by number
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
  std::vector<double> parameters;  ///< by part number; NaN unknown
  std::vector<double> cache;       ///< elements of one sequence of one beam, by part number
  std::vector<std::uint32_t> order;
  std::size_t parts_known = 0;

  std::size_t deployment(std::span<const Gene> genome) const { return has_gene ? genome[gene] : 0; }
  PassKind pass(std::size_t phase) const { return phase == 0 ? PassKind::first : PassKind::decode; }
  /// Whether parameters and cache of a phase's parts are those of the model: later steps have the same parts again.
  bool counts(std::size_t phase) const { return phase < 2; }

  Known& known_of(std::size_t number);
  bool all_known(std::span<const Gene> genome, std::vector<std::uint32_t>& numbers) const;
  /// Whether the part is to be put together from pieces; then of which.
  bool in_pieces(std::uint32_t part, PartPieces& out) const {
    return family.pieces && phases == 1 && !needs.memory && family.pieces(part, out);
  }
  bool compose(Known& entry, std::uint32_t part);
  void learn(std::span<const Gene> genome, std::vector<std::uint32_t>& numbers);
  void figures_of(const Population& designs, std::span<DesignFigures> figures, std::size_t first,
                  std::size_t last) const;
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

bool Evaluator::State::all_known(std::span<const Gene> genome, std::vector<std::uint32_t>& numbers) const {
  const std::optional<Known>& entry = known[deployment(genome)];
  if (!entry) return false;
  for (std::size_t phase = 0; phase < phases; ++phase) {
    if (phase < 2) family.parts(genome, pass(phase), numbers);
    for (const std::uint32_t number : numbers)
      if (entry->blocks[phase][number] == kUnknown) return false;
  }
  return true;
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
  parameters[part] = static_cast<double>(pieces.parameters);
  ++parts_known;
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
      if (block == kUnknown) block = entry.estimator.block(part), ++parts_known;
      if (!counts(p) || !std::isnan(parameters[numbers[k]])) continue;
      const bool shared_table =
          both && p > 0 && std::holds_alternative<EmbeddingsPart>(part.body) && !architecture.decoder_embeddings;
      parameters[numbers[k]] = shared_table ? 0 : static_cast<double>(part_parameters(part));
      Workload one = workload;
      one.batch = one.beams = 1;
      cache[numbers[k]] = static_cast<double>(part_cache_elements(part, one, both));
    }
  }
}

void Evaluator::State::figures_of(const Population& designs, std::span<DesignFigures> figures, std::size_t first,
                                  std::size_t last) const {
  EncodedModels models;
  std::vector<BatchResult> results;
  std::vector<double> cached_sizes;  // bytes of the key/value cache
  std::vector<std::uint32_t> numbers;
  for (std::size_t begin = first; begin < last;) {
    const std::size_t number = deployment(designs.genome(order[begin]));
    const Deployment& where = deployments[number];
    const Known& entry = *known[number];
    const double weight_size = size_of(where.workload.numerics.weights).si();
    const double cache_size = size_of(where.workload.numerics.cache).si() *
                              static_cast<double>(where.workload.batch * where.workload.beams);
    models.clear();
    cached_sizes.clear();
    std::size_t end = begin;
    for (; end < last && deployment(designs.genome(order[end])) == number; ++end) {
      const auto genome = designs.genome(order[end]);
      double learned = 0, cached = 0;
      for (std::size_t phase = 0; phase < phases; ++phase) {
        if (phase < 2) family.parts(genome, pass(phase), numbers);
        for (const std::uint32_t part : numbers) models.blocks.push_back(entry.blocks[phase][part]);
        if (!counts(phase)) continue;
        for (const std::uint32_t part : numbers) learned += parameters[part], cached += cache[part];
      }
      models.offsets.push_back(static_cast<std::uint32_t>(models.blocks.size()));
      models.resident.push_back(learned * weight_size);
      cached_sizes.push_back(cached * cache_size);
      figures[order[end]].parameters = learned;
    }
    results.resize(end - begin);
    const bool full = needs.peak_power || needs.memory;
    entry.estimator.evaluate(models, results, full ? BatchDetail::full : BatchDetail::latency_energy);
    for (std::size_t k = begin; k < end; ++k) {
      const BatchResult& r = results[k - begin];
      DesignFigures& f = figures[order[k]];
      f.latency = r.latency, f.energy = r.energy, f.peak_power = r.peak_power,
      f.memory = r.memory + cached_sizes[k - begin];
      f.batch = static_cast<double>(where.workload.batch);
      const double capacity = where.capacity.si();
      const double resident = models.resident[k - begin] + cached_sizes[k - begin];
      f.beyond_memory = capacity > 0 ? std::max(0.0, resident / capacity - 1) : 0;
    }
    begin = end;
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
  for (const Deployment& d : s.deployments)
    if (d.workload.task != workload.task || d.workload.length != workload.length ||
        d.workload.new_tokens != workload.new_tokens)
      throw Error("all deployments of a search must have the same task and lengths");
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
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < designs.size(); ++i)
    if (!s.all_known(designs.genome(i), numbers)) s.learn(designs.genome(i), numbers);
  // Designs of one deployment follow one another; the order within is that of the population.
  s.order.resize(designs.size());
  std::iota(s.order.begin(), s.order.end(), 0u);
  if (s.deployments.size() > 1)
    std::ranges::stable_sort(s.order, {}, [&](std::uint32_t i) { return s.deployment(designs.genome(i)); });
  parallel_for(designs.size(), s.threads,
               [&](std::size_t first, std::size_t last) { s.figures_of(designs, figures, first, last); });
}

std::span<const Deployment> Evaluator::deployments() const { return state_->deployments; }
const Deployment& Evaluator::deployment_of(std::span<const Gene> genome) const {
  return state_->deployments[state_->deployment(genome)];
}
const Family& Evaluator::family() const { return state_->family; }
std::size_t Evaluator::part_count() const { return state_->parts_known; }

}  // namespace ridgeline
