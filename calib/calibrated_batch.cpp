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
  BlockSums sums{{}, 0, true};
  const OperatorGraph graph = part_graph(part, workload_).graph;
  for (OperatorVertex v = 0; v < num_vertices(graph); ++v) {
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
  sums_[id] = sums;
}

void CalibratedBatch::evaluate(const EncodedModels& models, std::span<RunFigures> results) const {
  std::vector<BatchResult> warm(models.size());
  if (results.size() != models.size())
    throw Error(fmt::format("{} results for {} models", results.size(), models.size()));
  estimator_.evaluate(models, warm);
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
      results[i] = {o.latency, o.energy, o.peak_power};
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
        results[first + k] =
            corrected(results[first + k], log_ratios.col(static_cast<Eigen::Index>(k)), {fastest[k], static_power});
    }
    for (std::size_t k = 0; k < count && !cost.has_power; ++k)
      results[first + k].energy = results[first + k].peak_power = kMissing;
  }
}

}  // namespace ridgeline
