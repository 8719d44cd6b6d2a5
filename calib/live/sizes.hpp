// Operators of libtorch on sizes instead of numbers.
//
// Tensors are of libtorch's device "meta": they have sizes, strides and a type, share memory as others do, but hold
// no numbers, so that an operator says what it would make and computes nothing. Where libtorch has an operator for
// numbers only, its own shape functions tell (torch/csrc/jit/runtime/symbolic_shape_registry.h). Numbers are computed
// in small tensors that hold sizes, by the few operators that shape arithmetic is written with.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace c10 {
struct IValue;
struct FunctionSchema;
}  // namespace c10
namespace torch::jit {
struct Node;
}

namespace ridgeline {

/// What an operator makes is not told by the sizes that it reads.
class SizeNotTold : public Error {
 public:
  explicit SizeNotTold(const std::string& message, std::string hint = {}) : Error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

struct SizedResults {
  std::vector<c10::IValue> values;
  bool in_place = false;    ///< writes into an operand
  bool only_views = false;  ///< all results are in the memory of operands, where nothing was written
};

class SizeComputer {
 public:
  /// `sizes`: of the result, where nothing else tells them; empty: not given. Error in libtorch's words where
  /// operands do not fit, SizeNotTold.
  SizedResults call(const torch::jit::Node& node, const std::vector<c10::IValue>& operands,
                    const std::vector<std::int64_t>* sizes);

  /// The tensor's sizes without its numbers; the same one each time, itself where it has none.
  const at::Tensor& without_numbers(const at::Tensor& tensor);
  /// What tells whether two tensors share memory.
  const void* memory_of(const at::Tensor& tensor) const;

 private:
  c10::IValue without_numbers(const c10::IValue& value);

  std::unordered_map<const void*, at::Tensor> shadows_;
  std::vector<at::Tensor> kept_;  ///< no address is used twice
};

/// Whether results are declared as tensors or lists of such; containers of anything are not.
bool makes_tensors(const c10::FunctionSchema& schema);
/// At most 65536 whole numbers or truth values, or one real number.
bool may_hold_sizes(const at::Tensor& tensor);
/// All tensors in it, in order.
std::vector<at::Tensor> tensors_in(const c10::IValue& value);

}  // namespace ridgeline
