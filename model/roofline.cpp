#include "model/roofline.hpp"

#include <algorithm>
#include <cmath>

#include "model/tiling.hpp"

namespace ridgeline {
namespace {

constexpr double kAccumulatorBytes = 4;  // products are summed in fp32 or int32 whatever the operands are

/// How an operator's arithmetic spreads over the hardware.
struct Spread {
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

  Spread operator()(const MatMul& op) const {
    const double rows = real(op.rows), columns = real(op.columns), inner = real(op.inner), groups = real(op.groups);
    return {.rows = rows * columns,
            .product = {groups, rows, columns / groups, inner / groups},
            .left = rows * inner * activation(),
            .right_is_weights = true};
  }
  Spread operator()(const BatchedMatMul& op) const {
    const double rows = real(op.rows), columns = real(op.columns), inner = real(op.inner), batch = real(op.batch);
    const double distinct = op.second_operands > 0 ? real(op.second_operands) : batch;
    return {.rows = batch * rows * columns,
            .product = {batch, rows, columns, inner},
            .left = batch * rows * inner * activation(),
            .right = distinct * inner * columns * second(op.second_is_cache)};
  }
  // Its two products have equal FLOPs and are parallel over the queries only; the second one shapes both.
  Spread operator()(const FusedAttention& op) const {
    const double heads = real(op.batch) * real(op.heads), queries = real(op.queries), dim = real(op.head_dim);
    const double key_values = 2 * real(op.batch) * real(op.key_value_heads) * real(op.keys) * dim;
    return {.rows = heads * queries,
            .columns = real(attended_pairs(op)) / queries,
            .product = {heads, queries, dim, real(op.keys)},
            .left = heads * queries * dim * activation(),
            .right = key_values * second(op.keys_are_cache)};
  }
  Spread operator()(const Softmax& op) const { return {.rows = real(op.rows), .columns = real(op.columns)}; }
  Spread operator()(const Normalisation& op) const { return {.rows = real(op.rows), .columns = real(op.columns)}; }
  Spread operator()(const Elementwise& op) const { return {.rows = real(op.elements)}; }
  Spread operator()(const Embedding& op) const { return {.rows = real(op.lookups) * real(op.width)}; }
  Spread operator()(const FourierMixing& op) const {
    return {.rows = real(op.batch) * real(op.rows) * real(op.columns)};
  }
  Spread operator()(const DepthwiseConvolution& op) const {
    return {.rows = real(op.batch) * real(op.length) * real(op.channels)};
  }
  Spread operator()(const DynamicConvolution& op) const {
    return {.rows = real(op.batch) * real(op.length) * real(op.channels)};
  }
  Spread operator()(const Copy& op) const { return {.rows = real(op.elements)}; }
  Spread operator()(const View&) const { return {}; }
  Spread operator()(const Reduction& op) const { return {.rows = real(op.rows), .columns = real(op.columns)}; }
  Spread operator()(const Routing& op) const { return {.rows = real(op.tokens), .columns = real(op.experts)}; }
  Spread operator()(const OptimiserStep& op) const { return {.rows = real(op.parameters)}; }
};

/// Bytes that the blocking of a product in a memory of `size` bytes (`elements` elements) reads again, beyond reading
/// each operand once: blocks of the result, as square as its shape allows, stay inside while the operands stream by.
double read_again(const Product& p, double left, double right, double size, double elements) {
  const double shorter = std::min({p.rows, p.columns, std::sqrt(elements)});
  const double longer = std::min(std::max(p.rows, p.columns), elements / shorter);
  const bool tall = p.rows > p.columns;
  const double across = p.columns / (tall ? shorter : longer);
  const double down = p.rows / (tall ? longer : shorter);
  const double left_outside = std::max(0.0, left - p.count * size);
  const double right_outside = std::max(0.0, right - p.count * size);
  return std::max(0.0, across - 1) * left_outside + std::max(0.0, down - 1) * right_outside;
}

/// Whole operations an element fill lanes row by row; what is left over (statistics of a row) fills them as it comes.
double vector_shape(double flops, const Spread& spread, const ArithmeticParameters& engine, double quantisation) {
  if (spread.columns == 0) return element_shape(spread.rows, engine, quantisation);
  const double elements = spread.rows * spread.columns;
  const double whole = static_cast<double>(static_cast<std::int64_t>(flops / elements + 1e-9)) * elements;
  const double rest = std::max(0.0, flops - whole);
  double slots = whole / row_shape(spread.rows, spread.columns, engine, quantisation);
  if (rest > 0) slots += rest / element_shape(rest, engine, quantisation);
  return flops / slots;
}

double one_instance(const MemoryParameters& level) { return level.size.si() / real(level.instances); }

double seconds_per_byte(const MemoryParameters& level) { return 1 / (level.bandwidth.si() * level.utilisation); }

/// The first level that all units share: the one that tiles are fetched from.
std::size_t first_shared(const std::vector<MemoryParameters>& memory) {
  std::size_t level = 0;
  while (level + 1 < memory.size() && !memory[level].shared) ++level;
  return level;
}

/// x^p and its inverse; the two usual exponents without the price of std::pow.
double power(double x, double p) {
  if (p == 4) return x * x * x * x;
  return p == 1 ? x : std::pow(x, p);
}
double root(double x, double p) {
  if (p == 4) return std::sqrt(std::sqrt(x));
  return p == 1 ? x : std::pow(x, 1 / p);
}

bool has_vocabulary(const Operator& op) {
  const auto* product = std::get_if<MatMul>(&op);
  return product != nullptr && real(product->columns) > kVocabularyRatio * real(product->inner);
}

bool launches(const Operator& op) {
  if (std::holds_alternative<View>(op)) return false;
  const auto* elementwise = std::get_if<Elementwise>(&op);
  return elementwise == nullptr || !elementwise->fused_into_producer;
}

/// A kernel at a clock lowered to `x` times the one in force: what scales with the clock, and what does not.
struct Kernel {
  double on_chip_joules, off_chip_joules, busy_watts;
  double on_chip_sum, off_chip_sum;  ///< of the p-th powers of the bounds, in s^p
  double share, floor, slope, p;

  double seconds(double x) const { return floor + root(on_chip_sum / power(x, p) + off_chip_sum, p) / share; }
  double joules(double x) const {
    const double v = 1 - slope + slope * x;
    return on_chip_joules * v * v + off_chip_joules;
  }
  double busy_joules(double x) const {
    const double v = 1 - slope + slope * x;
    return busy_watts * x * v * v * seconds(x);
  }
  /// Joules above what `watts` give in the time: rises with x.
  double excess(double x, double watts) const { return joules(x) + busy_joules(x) - watts * seconds(x); }
};

/// The clock at which the kernel draws `watts`: the root of its excess, by regula falsi with the Illinois rule.
double capped_clock(const Kernel& kernel, double watts) {
  double high = 1, high_excess = kernel.excess(high, watts);
  double low = 0.5, low_excess = kernel.excess(low, watts);
  while (low_excess > 0 && low > 1e-6) {
    high = low, high_excess = low_excess;
    low *= 0.5, low_excess = kernel.excess(low, watts);
  }
  int stuck = 0;
  for (int step = 0; step < 60 && high - low > 1e-14 * high; ++step) {
    const double x = std::clamp((low * high_excess - high * low_excess) / (high_excess - low_excess), low, high);
    const double excess = kernel.excess(x, watts);
    if (std::abs(excess) <= 1e-15 * watts * kernel.seconds(x)) return x;
    if (excess > 0) {
      high = x, high_excess = excess;
      if (stuck > 0) low_excess *= 0.5;
      stuck = 1;
    } else {
      low = x, low_excess = excess;
      if (stuck < 0) high_excess *= 0.5;
      stuck = -1;
    }
  }
  return low;
}

}  // namespace

std::string_view name(Bound bound) {
  constexpr std::array<std::string_view, kBoundCount> names{"dispatch", "matrix", "vector", "transcendental",
                                                            "cache",    "dram",   "floor",  "power"};
  return names[static_cast<std::size_t>(bound)];
}

OperatorBounds bounds(const Operator& op, const CostParameters& parameters) {
  Work todo = work(op, parameters.numerics);
  todo.weights *= parameters.weight_bytes;
  Spread spread = std::visit(SpreadOf{parameters.numerics}, op);
  if (spread.right_is_weights) spread.right = todo.weights.si();
  // Sparse weights and masked scores shorten the depth that is really computed.
  Product& product = spread.product;
  if (product.count > 0) product.inner = 0.5 * todo.matrix.si() / (product.count * product.rows * product.columns);
  const std::vector<MemoryParameters>& memory = parameters.memory;
  const std::size_t shared = first_shared(memory);
  const double quantisation = parameters.wave_quantisation;
  OperatorBounds result{};
  result.flops = {todo.matrix, todo.vector, todo.transcendental};
  result.shape.fill(1);

  const double activations = (todo.activations_in + todo.activations_out).si();
  const double once_a_pass = (todo.bytes().si() - activations);
  const double last_cache = memory.size() > 1 ? memory[memory.size() - 2].size.si() : 0;
  const double copied = spread.right_is_weights ? std::clamp(2 * spread.right - last_cache, 0.0, spread.right) : 0;
  std::array<double, kMaxMemoryLevels> traffic{};
  for (std::size_t l = 0; l < memory.size(); ++l) {
    const double kept = l > shared ? std::min(activations, memory[l - 1].size.si()) : 0;
    traffic[l] = once_a_pass + activations - kept;
    if (l > shared || l + 1 == memory.size()) traffic[l] += (parameters.weight_passes - 1) * copied;
  }

  const ArithmeticParameters& matrix = parameters.arithmetic[index(Arithmetic::matrix)];
  double chosen_tiles_traffic = 0;
  if (product.count > 0) {
    // A unit keeps its tile of the result in half of its private memory, or of the shared one where it has none.
    const double nearby = one_instance(memory[shared > 0 ? shared - 1 : 0]);
    const Tiling tiling = tile(product,
                               {spread.left, spread.right, todo.activations_out.si() + todo.cache_written.si(),
                                seconds_per_byte(memory[shared])},
                               matrix, quantisation, std::sqrt(nearby / (2 * kAccumulatorBytes)), parameters.overlap);
    result.shape[index(Arithmetic::matrix)] = tiling.shape;
    chosen_tiles_traffic = std::max(traffic[shared], tiling.fetched);
    traffic[shared] = std::max(traffic[shared], tiling.least_fetched);
    for (std::size_t l = 1; l < memory.size(); ++l) {
      const double inside = one_instance(memory[l - 1]);
      if (l != shared)
        traffic[l] += read_again(product, spread.left, spread.right, inside, inside / kAccumulatorBytes);
    }
  }
  if (todo.vector.si() > 0)
    result.shape[index(Arithmetic::vector)] =
        vector_shape(todo.vector.si(), spread, parameters.arithmetic[index(Arithmetic::vector)], quantisation);
  if (todo.transcendental.si() > 0)
    result.shape[index(Arithmetic::transcendental)] = element_shape(
        todo.transcendental.si(), parameters.arithmetic[index(Arithmetic::transcendental)], quantisation);

  for (std::size_t k = 0; k < kArithmeticCount; ++k) {
    const ArithmeticParameters& engine = parameters.arithmetic[k];
    if (result.flops[k].si() > 0)
      result.compute[k] = result.flops[k] / (engine.peak * (engine.utilisation * result.shape[k]));
  }
  for (std::size_t l = 0; l < memory.size(); ++l) {
    result.traffic[l] = Bytes(traffic[l]);
    const double timed = l == shared ? std::max(traffic[l], chosen_tiles_traffic) : traffic[l];
    result.memory[l] = Seconds(timed * seconds_per_byte(memory[l]));
  }
  return result;
}

OperatorCost cost(const Operator& op, const CostParameters& parameters) {
  OperatorCost result;
  const bool launched = launches(op);
  if (const auto* view = std::get_if<View>(&op)) {
    result.dispatch = parameters.dispatch[op.index()] * static_cast<double>(view->operations);
    result.bound = Bound::dispatch;
    return result;
  }
  if (launched) result.dispatch = parameters.dispatch[op.index()];

  const OperatorBounds terms = bounds(op, parameters);
  Kernel kernel{};
  double largest = 0;
  const auto add = [&](double term, Bound bound, double& sum) {
    sum += power(term, parameters.overlap);
    if (term > largest) largest = term, result.bound = bound;
  };
  for (std::size_t k = 0; k < kArithmeticCount; ++k) {
    add(terms.compute[k].si(), static_cast<Bound>(static_cast<std::size_t>(Bound::matrix) + k), kernel.on_chip_sum);
    kernel.on_chip_joules += (terms.flops[k] * parameters.arithmetic[k].energy).si();
  }
  const std::size_t dram = parameters.memory.size() - 1;
  for (std::size_t l = 0; l <= dram; ++l) {
    const MemoryParameters& level = parameters.memory[l];
    const Bound bound = l < dram ? Bound::cache : Bound::dram;
    add(terms.memory[l].si(), bound, level.follows_clock ? kernel.on_chip_sum : kernel.off_chip_sum);
    (level.follows_clock ? kernel.on_chip_joules : kernel.off_chip_joules) += (terms.traffic[l] * level.energy).si();
  }
  kernel.share = parameters.kernel_share[op.index()];
  kernel.p = parameters.overlap;
  kernel.floor = launched ? parameters.kernel_floor.si() : 0;
  if (const auto* products = std::get_if<BatchedMatMul>(&op))
    kernel.floor += real(products->batch) * parameters.batched_call.si();
  if (has_vocabulary(op)) kernel.share *= parameters.vocabulary_rate;
  kernel.slope = parameters.voltage_slope;
  kernel.busy_watts = parameters.busy_power.si();

  double seconds = kernel.seconds(1), joules = kernel.joules(1) + kernel.busy_watts * seconds;
  if (2 * kernel.floor > seconds) result.bound = Bound::floor;
  const double watts = (parameters.power_limit - parameters.static_power).si();
  if (parameters.has_power && joules > watts * seconds) {
    const double x = capped_clock(kernel, watts);
    joules = kernel.joules(x) + kernel.busy_joules(x);
    seconds = std::max(kernel.seconds(x), joules / watts);
    result.bound = Bound::power;
  }
  result.duration = Seconds(seconds);
  result.energy = Joules(joules);
  return result;
}

}  // namespace ridgeline
