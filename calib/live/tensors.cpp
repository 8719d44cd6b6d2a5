// Weights, caches and inputs of a model that runs.
#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <utility>

#include "calib/live/kernels.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

/// Numbers that are drawn; weights repeat them, because drawing each would take longer than running the model once.
/// A prime, so that no two rows of a matrix are equal; no two weights begin at the same place.
constexpr std::int64_t kDrawn = 65521;
constexpr std::int64_t kAligned = 16;  // numbers of a cache line: weights begin where one does, as they do elsewhere

}  // namespace

FloatType::FloatType(at::ScalarType type) : before_(c10::get_default_dtype()) {
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(type));
}
FloatType::~FloatType() { c10::set_default_dtype(before_); }

at::ScalarType FloatType::now() { return c10::get_default_dtype_as_scalartype(); }

double FloatType::lowest() {
  return now() == at::kBFloat16 ? static_cast<double>(std::numeric_limits<c10::BFloat16>::lowest())
                                : std::numeric_limits<float>::lowest();
}

Tensors::Tensors(const ExecutionOptions& options) : allocates_(options.allocates) { at::manual_seed(options.seed); }

Tensor Tensors::weight(const std::vector<std::int64_t>& shape, Size inner) {
  if (!allocates_) return at::empty(shape, at::device(at::kMeta).dtype(FloatType::now()));
  const std::int64_t count = c10::multiply_integers(shape);
  if (!drawn_.defined()) drawn_ = at::empty({kDrawn}).uniform_(-1, 1);
  const double bound = 1 / std::sqrt(static_cast<double>(inner));
  const std::int64_t from = std::exchange(next_drawn_, (next_drawn_ + count) % kDrawn / kAligned * kAligned);
  return (drawn_ * bound).repeat({(from + count + kDrawn - 1) / kDrawn}).narrow(0, from, count).view(shape);
}

Tensor Tensors::constant(const std::vector<std::int64_t>& shape, double value) {
  if (!allocates_) return at::empty(shape, at::device(at::kMeta).dtype(FloatType::now()));
  return at::full(shape, value);
}

Tensor Tensors::tokens(const std::vector<std::int64_t>& shape, Size bound) {
  return at::randint(bound, shape, at::kLong);
}

Tensor Tensors::noise(const std::vector<std::int64_t>& shape) {
  if (!allocates_) return at::empty(shape, at::device(at::kMeta).dtype(FloatType::now()));
  return at::randn(shape);
}

WeightSet& Tensors::weights(std::int32_t number, const std::string& name) {
  if (number < 0) return sets_[name];
  return sets_[shared_.try_emplace(number, name).first->second];
}

Tensor Tensors::input(const std::string& name, const std::function<Tensor()>& make) {
  for (const auto& [known, tensor] : inputs_)
    if (known == name) return tensor;
  return inputs_.emplace_back(name, make()).second;
}

std::vector<std::pair<std::string, Tensor>> Tensors::learned() const {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const auto& [name, set] : sets_) {
    if (set.weight.defined()) all.emplace_back(name + ".weight", set.weight);
    if (set.bias.defined()) all.emplace_back(name + ".bias", set.bias);
    if (set.columns.defined()) all.emplace_back(name + ".columns", set.columns);
  }
  return all;
}

std::int64_t Tensors::parameters() const {
  std::int64_t sum = 0;
  for (const auto& [name, tensor] : learned()) sum += tensor.numel();
  return sum;
}

}  // namespace ridgeline
