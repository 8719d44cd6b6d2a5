#include "model/roofline.hpp"

#include <algorithm>
#include <cmath>

#include "model/power_cap.hpp"
#include "model/power_mean.hpp"

namespace ridgeline {
namespace {

constexpr double kAccumulatorBytes = 4;  // products are summed in fp32 or int32 whatever the operands are

/// How an operator's arithmetic spreads over the hardware.
struct TensorSpread {
  double rows = 0;                ///< vector arithmetic: independent rows ...
  double columns = 0;             ///< ... of so many elements; 0: `rows` elements that depend on nothing
  Product product = {};           ///< matrix arithmetic; count 0: none
  double left = 0, right = 0;     ///< bytes of the products' operands
  bool right_is_weights = false;  ///< `right` is what work() says of weights
};

double real(Size n) { return static_cast<double>(n); }

struct SpreadOf {
  const Numerics& numerics;

  double activation() const { return size_of(numerics.activations).si(); }
  double second(bool cache) const { return size_of(cache ? numerics.cache : numerics.activations).si(); }

  TensorSpread operator()(const MatMul& op) const {
    const double rows = real(op.rows), columns = real(op.columns), inner = real(op.inner), groups = real(op.groups);
    return {.rows = rows * columns,
            .product = {groups, rows, columns / groups, inner / groups},
            .left = rows * inner * activation(),
            .right_is_weights = true};
  }
  TensorSpread operator()(const BatchedMatMul& op) const {
    const double rows = real(op.rows), columns = real(op.columns), inner = real(op.inner), batch = real(op.batch);
    const double distinct = op.second_operands > 0 ? real(op.second_operands) : batch;
    return {.rows = batch * rows * columns,
            .product = {batch, rows, columns, inner},
            .left = batch * rows * inner * activation(),
            .right = distinct * inner * columns * second(op.second_is_cache)};
  }
  // Its two products have equal FLOPs and are parallel over the queries only; the second one shapes both.
  TensorSpread operator()(const FusedAttention& op) const {
    const double heads = real(op.batch) * real(op.heads), queries = real(op.queries), dim = real(op.head_dim);
    const double key_values = 2 * real(op.batch) * real(op.key_value_heads) * real(op.keys) * dim;
    return {.rows = heads * queries,
            .columns = real(attended_pairs(op)) / queries,
            .product = {heads, queries, dim, real(op.keys)},
            .left = heads * queries * dim * activation(),
            .right = key_values * second(op.keys_are_cache)};
  }
  TensorSpread operator()(const Softmax& op) const { return {.rows = real(op.rows), .columns = real(op.columns)}; }
  TensorSpread operator()(const Normalisation& op) const {
    return {.rows = real(op.rows), .columns = real(op.columns)};
  }
  TensorSpread operator()(const Elementwise& op) const { return {.rows = real(op.elements)}; }
  TensorSpread operator()(const Embedding& op) const { return {.rows = real(op.lookups) * real(op.width)}; }
  TensorSpread operator()(const FourierMixing& op) const {
    return {.rows = real(op.batch) * real(op.rows) * real(op.columns)};
  }
  TensorSpread operator()(const DepthwiseConvolution& op) const {
    return {.rows = real(op.batch) * real(op.length) * real(op.channels)};
  }
  TensorSpread operator()(const DynamicConvolution& op) const {
    return {.rows = real(op.batch) * real(op.length) * real(op.channels)};
  }
  TensorSpread operator()(const Copy& op) const { return {.rows = real(op.elements)}; }
  TensorSpread operator()(const View&) const { return {}; }
  TensorSpread operator()(const Reduction& op) const { return {.rows = real(op.rows), .columns = real(op.columns)}; }
  TensorSpread operator()(const Routing& op) const { return {.rows = real(op.tokens), .columns = real(op.experts)}; }
  TensorSpread operator()(const OptimiserStep& op) const { return {.rows = real(op.parameters)}; }
};

/// Bytes that the blocking of a product in a memory of `size` bytes (`elements` = edge² elements) reads again, beyond
/// reading each operand once: blocks of the result, as square as its shape allows, stay inside while the operands
/// stream by.
double read_again(const Product& p, double left, double right, double size, double elements, double edge) {
  const double left_outside = left - p.count * size;
  const double right_outside = right - p.count * size;
  if (left_outside <= 0 && right_outside <= 0) return 0;
  const double shorter = std::min({p.rows, p.columns, edge});
  const double longer = std::min(std::max(p.rows, p.columns), elements / shorter);
  const bool tall = p.rows > p.columns;
  const double across = p.columns / (tall ? shorter : longer);
  const double down = p.rows / (tall ? longer : shorter);
  return std::max(0.0, across - 1) * std::max(0.0, left_outside) +
         std::max(0.0, down - 1) * std::max(0.0, right_outside);
}

/// Whole operations an element fill lanes row by row; what is left over (statistics of a row) fills them as it comes.
double vector_slots(double flops, const TensorSpread& spread, const Engine& engine, double quantisation) {
  const bool in_rows = spread.columns > 0;
  const double elements = in_rows ? spread.rows * spread.columns : spread.rows;
  const double each = flops / elements;
  if (!in_rows) return each * element_slots(elements, engine, quantisation);
  const double whole = static_cast<double>(static_cast<std::int64_t>(each + 1e-9));
  const double rest = flops - whole * elements;
  const double slots = whole * row_slots(spread.rows, spread.columns, engine, quantisation);
  return rest > 0 ? slots + element_slots(rest, engine, quantisation) : slots;
}

/// There is nothing to use twice in tiles.
bool has_vector(const Product& product) { return product.rows == 1 || product.columns == 1; }

/// Slots of the matrix engine that pass while the lanes of the vector engine multiply and add: one operation of
/// theirs is a multiply-add. Never fewer than the FLOPs.
double dot_product_slots(const Product& product, const Engine& matrix, const Engine& vector, double quantisation) {
  const double seconds = element_slots(product.multiply_adds(), vector, quantisation) * vector.seconds_per_flop;
  return std::max(seconds / matrix.seconds_per_flop, 2 * product.multiply_adds());
}

bool has_vocabulary(const Operator& op) {
  const auto* product = std::get_if<MatMul>(&op);
  return product != nullptr && real(product->columns) > kSmallestVocabulary &&
         real(product->columns) > kVocabularyRatio * real(product->inner);
}

/// Results of more bytes are always mapped afresh and given back: the most that glibc's threshold for that grows to
/// (mallopt(3), DEFAULT_MMAP_THRESHOLD_MAX on 64-bit systems).
constexpr double kAlwaysMapped = 32.0 * 1024 * 1024;
/// Below, memory is usually at hand; in between a heap that has shrunk must grow again at times. Where that begins is
/// what element-wise operators showed on one machine (docs/model.md).
constexpr double kNeverMapped = 12.0 * 1024 * 1024;

/// Memory of a result of that many bytes that is mapped afresh.
double mapped(double bytes) {
  return bytes * std::clamp((bytes - kNeverMapped) / (kAlwaysMapped - kNeverMapped), 0.0, 1.0);
}

bool launches(const Operator& op) {
  const auto* elementwise = std::get_if<Elementwise>(&op);
  return elementwise == nullptr || !elementwise->fused_into_producer;
}

}  // namespace

std::string_view name(Bound bound) {
  constexpr std::array<std::string_view, kBoundCount> names{"dispatch", "matrix", "vector", "transcendental",
                                                            "cache",    "dram",   "floor",  "power"};
  return names[static_cast<std::size_t>(bound)];
}

Roofline::Roofline(const CostParameters& parameters)
    : parameters_(&parameters), level_count_(parameters.memory.size()) {
  for (std::size_t k = 0; k < kArithmeticCount; ++k) engines_[k] = Engine(parameters.arithmetic[k]);
  const std::vector<MemoryParameters>& memory = parameters.memory;
  while (shared_ + 1 < level_count_ && !memory[shared_].shared) ++shared_;
  const auto one_instance = [](const MemoryParameters& m) { return m.size.si() / real(m.instances); };
  for (std::size_t l = 0; l < level_count_; ++l) {
    Level& level = levels_[l];
    level.seconds_per_byte = 1 / (memory[l].bandwidth.si() * memory[l].utilisation);
    level.joules_per_byte = memory[l].energy.si();
    level.follows_clock = memory[l].follows_clock;
    if (l == 0) continue;
    level.kept = l > shared_ ? memory[l - 1].size.si() : 0;
    level.inside = one_instance(memory[l - 1]);
    level.elements = level.inside / kAccumulatorBytes;
    level.edge = std::sqrt(level.elements);
  }
  // A unit keeps its tile of the result in half of its private memory, or of the shared one where it has none.
  longest_edge_ = std::sqrt(one_instance(memory[shared_ > 0 ? shared_ - 1 : 0]) / (2 * kAccumulatorBytes));
  if (level_count_ > 1) last_cache_ = memory[level_count_ - 2].size.si();
}

OperatorBounds Roofline::bounds(const Operator& op) const {
  const CostParameters& parameters = *parameters_;
  Work todo = work(op, parameters.numerics);
  todo.weights *= parameters.weight_bytes;
  TensorSpread spread = std::visit(SpreadOf{parameters.numerics}, op);
  const double quantisation = parameters.wave_quantisation;
  OperatorBounds result{};
  result.flops = {todo.matrix, todo.vector, todo.transcendental};
  if (launches(op)) {
    result.written = todo.activations_out;
    result.fresh = Bytes(mapped(result.written.si()));
  }

  const double activations = (todo.activations_in + todo.activations_out).si();
  const double once_a_pass = todo.bytes().si() - activations;
  double packing = 0;
  if (spread.right_is_weights) {
    spread.right = todo.weights.si();
    packing = (parameters.weight_passes - 1) * std::clamp(2 * spread.right - last_cache_, 0.0, spread.right);
  }
  std::array<double, kMaxMemoryLevels> traffic{};
  for (std::size_t l = 0; l < level_count_; ++l)
    traffic[l] = once_a_pass + std::max(0.0, activations - levels_[l].kept);
  for (std::size_t l = std::min(shared_ + 1, level_count_ - 1); l < level_count_; ++l) traffic[l] += packing;

  Product& product = spread.product;
  double fetched = 0;
  if (product.count > 0) {
    // Sparse weights and masked scores shorten the depth that is really computed.
    product.inner = 0.5 * todo.matrix.si() / (product.count * product.rows * product.columns);
    const double written = todo.activations_out.si() + todo.cache_written.si();
    const Tiling tiling = tile(product, {spread.left, spread.right, written, levels_[shared_].seconds_per_byte},
                               engines_[index(Arithmetic::matrix)], quantisation, longest_edge_, parameters.overlap);
    result.slots[index(Arithmetic::matrix)] = Flops(tiling.slots);
    fetched = tiling.fetched;
    for (std::size_t l = 1; l < level_count_; ++l) {
      const Level& level = levels_[l];
      if (l != shared_)
        traffic[l] += read_again(product, spread.left, spread.right, level.inside, level.elements, level.edge);
    }
    traffic[shared_] = std::max(traffic[shared_], tiling.least_fetched);
    if (parameters.asynchronous && has_vector(product)) {
      const Engine& matrix = engines_[index(Arithmetic::matrix)];
      const double slots = dot_product_slots(product, matrix, engines_[index(Arithmetic::vector)], quantisation);
      const auto time = [&](double compute_slots, double bytes) {
        return power(compute_slots * matrix.seconds_per_flop, parameters.overlap) +
               power(bytes * levels_[shared_].seconds_per_byte, parameters.overlap);
      };
      if (time(slots, traffic[shared_]) < time(tiling.slots, std::max(traffic[shared_], fetched))) {
        result.slots[index(Arithmetic::matrix)] = Flops(slots);
        fetched = 0;
      }
    }
  }
  const Engine& vector = engines_[index(Arithmetic::vector)];
  if (const double flops = todo.vector.si(); flops > 0)
    result.slots[index(Arithmetic::vector)] = Flops(vector_slots(flops, spread, vector, quantisation));
  const Engine& transcendental = engines_[index(Arithmetic::transcendental)];
  if (const double flops = todo.transcendental.si(); flops > 0)
    result.slots[index(Arithmetic::transcendental)] = Flops(element_slots(flops, transcendental, quantisation));

  for (std::size_t k = 0; k < kArithmeticCount; ++k)
    result.compute[k] = Seconds(result.slots[k].si() * engines_[k].seconds_per_flop);
  for (std::size_t l = 0; l < level_count_; ++l) {
    result.traffic[l] = Bytes(traffic[l]);
    result.memory[l] = Seconds(traffic[l] * levels_[l].seconds_per_byte);
  }
  result.memory[shared_] = Seconds(std::max(traffic[shared_], fetched) * levels_[shared_].seconds_per_byte);
  return result;
}

OperatorBounds Roofline::rescaled(OperatorBounds terms, const Roofline& reference) const {
  for (std::size_t k = 0; k < kArithmeticCount; ++k)
    terms.compute[k] *= engines_[k].seconds_per_flop / reference.engines_[k].seconds_per_flop;
  for (std::size_t l = 0; l < level_count_; ++l)
    terms.memory[l] *= levels_[l].seconds_per_byte / reference.levels_[l].seconds_per_byte;
  return terms;
}

OperatorCost Roofline::cost(const Operator& op, const OperatorBounds& terms) const {
  const CostParameters& parameters = *parameters_;
  OperatorCost result;
  if (const auto* view = std::get_if<View>(&op)) {
    result.dispatch = parameters.dispatch[op.index()] * static_cast<double>(view->operations);
    result.bound = Bound::dispatch;
    return result;
  }
  const bool launched = launches(op);
  if (launched) result.dispatch = parameters.dispatch[op.index()];

  ClockedKernel kernel;
  double largest = 0;
  const auto add = [&](double term, Bound bound, double& sum) {
    sum += power(term, parameters.overlap);
    if (term > largest) largest = term, result.bound = bound;
  };
  for (std::size_t k = 0; k < kArithmeticCount; ++k) {
    add(terms.compute[k].si(), static_cast<Bound>(static_cast<std::size_t>(Bound::matrix) + k), kernel.on_chip_sum);
    kernel.on_chip_joules += (terms.flops[k] * parameters.arithmetic[k].energy).si();
  }
  for (std::size_t l = 0; l < level_count_; ++l) {
    const Level& level = levels_[l];
    add(terms.memory[l].si(), l + 1 < level_count_ ? Bound::cache : Bound::dram,
        level.follows_clock ? kernel.on_chip_sum : kernel.off_chip_sum);
    (level.follows_clock ? kernel.on_chip_joules : kernel.off_chip_joules) +=
        terms.traffic[l].si() * level.joules_per_byte;
  }
  kernel.share = parameters.kernel_share[op.index()];
  kernel.floor = launched ? parameters.kernel_floor.si() : 0;
  kernel.floor += (terms.written * parameters.allocation + terms.fresh * parameters.fresh_memory).si();
  kernel.overlap = parameters.overlap;
  if (const auto* products = std::get_if<BatchedMatMul>(&op))
    kernel.floor += real(products->batch) * parameters.batched_call.si();
  if (has_vocabulary(op)) kernel.share *= parameters.vocabulary_rate;
  kernel.slope = parameters.voltage_slope;
  kernel.busy_watts = parameters.busy_power.si();

  double seconds = kernel.floor + root(kernel.on_chip_sum + kernel.off_chip_sum, parameters.overlap) / kernel.share;
  double joules = kernel.on_chip_joules + kernel.off_chip_joules + kernel.busy_watts * seconds;
  if (2 * kernel.floor > seconds) result.bound = Bound::floor;
  const double watts = (parameters.power_limit - parameters.static_power).si();
  if (parameters.has_power && joules > watts * seconds) {
    const double x = capped_clock(kernel, watts);
    joules = kernel.joules(x);
    seconds = std::max(kernel.seconds(x), joules / watts);
    result.bound = Bound::power;
  }
  result.duration = Seconds(seconds);
  result.energy = Joules(joules);
  return result;
}

OperatorBounds bounds(const Operator& op, const CostParameters& parameters) {
  return Roofline(parameters).bounds(op);
}

OperatorCost cost(const Operator& op, const CostParameters& parameters) { return Roofline(parameters).cost(op); }

}  // namespace ridgeline
