// What each vertex of an operator graph does to tensors. Internal to calib/live.
//
// The graph says how much work there is; which axes it runs along follows from the vertex's label and from the part
// that it belongs to (model/lowering_*.cpp gives both). In-edges come in program order of their sources, so a kernel
// knows its operands by their place in that order.
//
// Shapes: hidden [batch, queries, width]; queries, keys, values [batch, heads, positions, head_dim] (OPT: batch and
// heads in one); scores [batch, heads, queries, keys]; prepared masks [batch, 1, 1 or queries, keys].
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "calib/live/execution.hpp"
#include "model/lowering_parts.hpp"

namespace ridgeline {

/// What numbers are as long as it lives, wherever libtorch is not told: its default type, which is one for the
/// program.
class FloatType {
 public:
  explicit FloatType(at::ScalarType type);
  ~FloatType();
  FloatType(const FloatType&) = delete;
  FloatType& operator=(const FloatType&) = delete;

  static at::ScalarType now();
  /// What a masked score is set to.
  static double lowest();

 private:
  caffe2::TypeMeta before_;
};

/// Operands of one instruction.
struct Operands {
  const std::vector<at::Tensor>& values;
  const std::vector<std::int32_t>& numbers;

  std::size_t size() const { return numbers.size(); }
  const at::Tensor& operator[](std::size_t i) const { return values[static_cast<std::size_t>(numbers[i])]; }
};

using Kernel = std::function<at::Tensor(const Operands&)>;

/// Keys and values of one attention, kept between decoding steps.
struct CacheSlot {
  at::Tensor key, value;
};

/// Learned numbers of one vertex, or of all that share a set.
struct WeightSet {
  at::Tensor weight;   ///< matrix, table, kernel or vector; undefined where there is none
  at::Tensor bias;     ///< undefined where there is none
  at::Tensor columns;  ///< tied logits that are wider than the table: columns of their own [more, vocabulary]
};

/// What outlives the kernels of one phase: weights, caches, inputs.
class Tensors {
 public:
  explicit Tensors(const ExecutionOptions& options);

  /// Within ±1/√inner: results stay of the size of the inputs.
  at::Tensor weight(const std::vector<std::int64_t>& shape, Size inner);
  at::Tensor constant(const std::vector<std::int64_t>& shape, double value);
  /// Numbers of tokens below `bound`.
  at::Tensor tokens(const std::vector<std::int64_t>& shape, Size bound);
  at::Tensor noise(const std::vector<std::int64_t>& shape);

  /// The set of that number, or (-1) a new one, under a name for people.
  WeightSet& weights(std::int32_t number, const std::string& name);
  CacheSlot& cache(const std::string& part) { return caches_[part]; }
  std::map<std::string, CacheSlot>& caches() { return caches_; }
  /// Made when first asked for; every phase of a stack reads the same ones.
  at::Tensor input(const std::string& name, const std::function<at::Tensor()>& make);

  std::int64_t parameters() const;
  std::vector<std::pair<std::string, at::Tensor>> learned() const;
  const std::vector<std::pair<std::string, at::Tensor>>& inputs() const { return inputs_; }

 private:
  bool allocates_;
  at::Tensor drawn_;
  std::int64_t next_drawn_ = 0;
  std::map<std::string, WeightSet> sets_;
  std::map<std::int32_t, std::string> shared_;
  std::map<std::string, CacheSlot> caches_;
  std::vector<std::pair<std::string, at::Tensor>> inputs_;
};

/// What the kernels of one part share.
struct PartKernels {
  const Part& part;
  const Workload& workload;
  Tensors& tensors;
  std::string name;          ///< "encoder.3.0"
  std::string stack;         ///< "encoder"
  bool keeps_cache = false;  ///< a later phase reads what this one leaves behind
};

/// A linear map of `groups` blocks that do not mix: in [..., inner], weight [columns, inner / groups].
at::Tensor grouped_linear(const at::Tensor& in, const at::Tensor& weight, const at::Tensor& bias, Size groups);

/// The kernel of one vertex. Throws Error for what cannot run here.
Kernel kernel_of(const OperatorNode& node, const std::shared_ptr<PartKernels>& part);

}  // namespace ridgeline
