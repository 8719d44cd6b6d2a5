#include "calib/calibrated_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr Eigen::Index kColumns = 64;  // models whose features are evaluated together

CostParameters at_peak(CostParameters cost) {
  for (ArithmeticParameters& engine : cost.arithmetic) engine.utilisation = 1;
  for (MemoryParameters& level : cost.memory) level.utilisation = 1;
  return cost;
}

}  // namespace

/// Roofline keeps a pointer to its parameters, so that they live apart from whoever moves.
struct CalibratedBatch::Rooflines {
  DeviceModel data_sheet, model;
  CostParameters peak = at_peak(data_sheet.cost);
  Roofline reference{data_sheet.cost}, calibrated{model.cost}, ideal{peak};
};

CalibratedBatch::CalibratedBatch(Calibration calibration, const CostParameters& data_sheet, Workload workload,
                                 Seconds sensor_window)
    : calibration_(std::move(calibration)),
      workload_(workload),
      rooflines_(new Rooflines{parameter_space(data_sheet, calibration_.key.protocol).data_sheet(),
                               calibrated_model(calibration_, data_sheet)}),
      estimator_(rooflines_->model.cost, std::move(workload), sensor_window) {}

CalibratedBatch::~CalibratedBatch() = default;

void CalibratedBatch::encode(const Architecture& architecture, EncodedModels& out) {
  const std::size_t before = out.blocks.size();
  estimator_.encode(architecture, out);
  const PhaseParts phase = plan(architecture, workload_).front();
  for (std::size_t i = 0; i < phase.parts.size(); ++i) sum_up(out.blocks[before + i], phase.parts[i]);
}

BlockId CalibratedBatch::block(const Part& part) {
  const BlockId id = estimator_.block(part);
  sum_up(id, part);
  return id;
}

std::vector<BlockId> CalibratedBatch::pieces(const Part& part) {
  std::vector<BlockId> ids = estimator_.pieces(part);
  const PartGraph lowered = part_graph(part, workload_);
  OperatorVertex first = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const OperatorVertex last = i < lowered.piece_ends.size() ? lowered.piece_ends[i] : num_vertices(lowered.graph);
    sums_.resize(std::max<std::size_t>(sums_.size(), ids[i] + 1));
    sums_[ids[i]] = sums_of(lowered.graph, first, last);
    first = last;
  }
  return ids;
}

BlockId CalibratedBatch::compose(std::span<const BlockId> blocks) {
  BlockSums whole{{}, 0, true};
  for (const BlockId b : blocks) {
    whole.work += known(b).work;
    whole.fastest += known(b).fastest;
  }
  const BlockId id = estimator_.compose(blocks);
  sums_.resize(std::max<std::size_t>(sums_.size(), id + 1));
  sums_[id] = whole;
  return id;
}

const CalibratedBatch::BlockSums& CalibratedBatch::known(BlockId id) const {
  if (id >= sums_.size() || !sums_[id].known) throw Error(fmt::format("block {} is not of this batch", id));
  return sums_[id];
}

void CalibratedBatch::sum_up(BlockId id, const Part& part) {
  sums_.resize(std::max<std::size_t>(sums_.size(), id + 1));
  if (sums_[id].known) return;
  const OperatorGraph graph = part_graph(part, workload_).graph;
  sums_[id] = sums_of(graph, 0, num_vertices(graph));
}

CalibratedBatch::BlockSums CalibratedBatch::sums_of(const OperatorGraph& graph, OperatorVertex first,
                                                    OperatorVertex last) const {
  BlockSums sums{{}, 0, true};
  for (OperatorVertex v = first; v < last; ++v) {
    const Operator& op = graph[v].op;
    const bool view = std::holds_alternative<View>(op);
    const OperatorBounds terms = view ? OperatorBounds{} : rooflines_->reference.bounds(op);
    const Roofline& calibrated = rooflines_->calibrated;
    const OperatorCost cost = calibrated.cost(op, calibrated.rescaled(terms, rooflines_->reference));
    sums.work += work_sums(op, cost.dispatch.si(), cost.duration.si(), workload_.numerics);
    const OperatorBounds least = rooflines_->ideal.rescaled(terms, rooflines_->reference);
    double bound = 0;
    for (const Seconds t : least.compute) bound = std::max(bound, t.si());
    for (const Seconds t : least.memory) bound = std::max(bound, t.si());
    if (!view) sums.fastest += bound;
  }
  return sums;
}

void CalibratedBatch::evaluate(const EncodedModels& models, std::span<RunFigures> results) const {
  std::vector<BatchResult> warm(models.size());
  std::vector<RunFigures> analytic(models.size());
  if (results.size() != models.size())
    throw Error(fmt::format("{} results for {} models", results.size(), models.size()));
  estimator_.evaluate(models, warm);
  observe_all(models, warm, analytic, results);
}

void CalibratedBatch::evaluate(const EncodedModels& models, std::span<CalibratedResult> results,
                               BatchDetail detail) const {
  std::vector<BatchResult> warm(models.size());
  std::vector<RunFigures> analytic(models.size()), figures(models.size());
  if (results.size() != models.size())
    throw Error(fmt::format("{} results for {} models", results.size(), models.size()));
  estimator_.evaluate(models, warm, detail);
  observe_all(models, warm, analytic, figures);
  for (std::size_t i = 0; i < results.size(); ++i)
    results[i] = {warm[i], figures[i].latency / analytic[i].latency, figures[i].energy / analytic[i].energy,
                  figures[i].peak_power};
}

/// What would be measured of each model, without and with the residual.
void CalibratedBatch::observe_all(const EncodedModels& models, std::span<const BatchResult> warm,
                                  std::span<RunFigures> analytic, std::span<RunFigures> figures) const {
  const CostParameters& cost = rooflines_->model.cost;
  const ObservationParameters& observation = rooflines_->model.observation;
  const double static_power = cost.has_power ? cost.static_power.si() : 0;
  const auto sequences = static_cast<double>(workload_.batch);
  const bool corrects = calibration_.residual && !calibration_.residual->empty();
  Eigen::MatrixXd features(kResidualFeatures, kColumns);
  std::array<double, kColumns> fastest{};
  for (std::size_t first = 0; first < models.size(); first += kColumns) {
    const std::size_t count = std::min<std::size_t>(kColumns, models.size() - first);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = first + k;
      const BatchResult& r = warm[i];
      const double dynamic = cost.has_power ? r.energy - static_power * r.latency : 0;
      const Observation o = observe({Seconds(r.latency), Joules(dynamic), sequences, Bytes(models.resident[i])},
                                    observation, Watts(static_power));
      analytic[i] = figures[i] = {o.latency, o.energy, o.peak_power};
      if (!corrects) continue;
      WorkSums sums;
      fastest[k] = 0;
      for (std::uint32_t b = models.offsets[i]; b < models.offsets[i + 1]; ++b) {
        const BlockSums& block = known(models.blocks[b]);
        sums += block.work;
        fastest[k] += block.fastest / sequences;
      }
      const double before = startup(observation, Bytes(models.resident[i])).si() * sequences;
      residual_features(sums, o.latency * sequences, before, models.resident[i],
                        features.col(static_cast<Eigen::Index>(k)));
    }
    if (corrects) {
      const Eigen::MatrixXd log_ratios =
          corrections(*calibration_.residual, features.leftCols(static_cast<Eigen::Index>(count)));
      for (std::size_t k = 0; k < count; ++k)
        figures[first + k] =
            corrected(figures[first + k], log_ratios.col(static_cast<Eigen::Index>(k)), {fastest[k], static_power});
    }
    for (std::size_t k = 0; k < count && !cost.has_power; ++k)
      figures[first + k].energy = figures[first + k].peak_power = kMissing;
  }
}

}  // namespace ridgeline
