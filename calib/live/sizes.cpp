#include "calib/live/sizes.hpp"

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/runtime/symbolic_shape_registry.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace ridgeline {
namespace {

using at::Tensor;
using c10::IValue;
using Stack = std::vector<IValue>;

/// More numbers than this are no sizes.
constexpr std::int64_t kMostNumbers = 65536;

bool is_tensor_type(const c10::Type& type) {
  if (type.kind() == c10::TypeKind::TensorType) return true;
  const bool wraps = type.kind() == c10::TypeKind::OptionalType || type.kind() == c10::TypeKind::ListType;
  return wraps && is_tensor_type(*type.containedType(0));
}

/// "add_" -> "add"
std::string plain_name(const torch::jit::Node& node) {
  std::string name = node.kind().toUnqualString();
  if (name.ends_with('_') && !name.ends_with("__")) name.pop_back();
  return name;
}

/// What sizes are computed with, and what makes or moves such small tensors.
bool computes_sizes(const std::string& name) {
  static const std::set<std::string> all{
      "NumToTensor",   "abs",          "add",        "all",         "any",       "arange",
      "bitwise_and",   "bitwise_not",  "bitwise_or", "cat",         "ceil",      "clamp",
      "clone",         "contiguous",   "cumsum",     "detach",      "div",       "eq",
      "expand",        "expand_as",    "fill",       "flatten",     "floor",     "full",
      "full_like",     "floor_divide", "ge",         "gt",          "le",        "logical_and",
      "logical_not",   "logical_or",   "lt",         "masked_fill", "max",       "maximum",
      "min",           "minimum",      "mul",        "ne",          "neg",       "new_full",
      "new_ones",      "new_zeros",    "ones",       "ones_like",   "permute",   "pow",
      "prod",          "remainder",    "repeat",     "reshape",     "round",     "rsub",
      "scalar_tensor", "select",       "slice",      "sqrt",        "squeeze",   "stack",
      "sub",           "sum",          "t",          "tensor",      "to",        "transpose",
      "tril",          "triu",         "trunc",      "type_as",     "unsqueeze", "view",
      "where",         "zeros",        "zeros_like", "true_divide"};
  return all.contains(name);
}

Stack run(const torch::jit::Node& node, Stack stack) {
  node.getOperation()(stack);
  return stack;
}

/// The message without what libtorch was doing.
std::string first_line(const c10::Error& error) {
  const std::string all = error.what_without_backtrace();
  return all.substr(0, all.find('\n'));
}

std::vector<Tensor> tensors_of(const Stack& values) {
  std::vector<Tensor> all;
  for (const IValue& value : values)
    for (const Tensor& tensor : tensors_in(value)) all.push_back(tensor);
  return all;
}

/// What has neither sizes of its own nor a shape function, and makes as much as its first operand has.
std::optional<Stack> by_first_operand(const torch::jit::Node& node, const std::vector<Tensor>& operands) {
  static const std::set<std::string> all{"roll", "flip", "_native_multi_head_attention",
                                         "_transformer_encoder_layer_fwd"};
  if (operands.empty() || !all.contains(plain_name(node))) return std::nullopt;
  Stack results{at::empty(operands.front().sizes(), operands.front().options())};
  results.resize(node.outputs().size(), IValue(Tensor()));  // attention's weights, which are left out
  return results;
}

/// Few enough numbers that nothing of them can be large.
bool are_few(const std::vector<Tensor>& tensors) {
  double all = 1;
  for (const Tensor& tensor : tensors) all *= static_cast<double>(std::max<std::int64_t>(tensor.numel(), 1));
  return all <= static_cast<double>(kMostNumbers);
}

/// libtorch's own function of sizes for the operator; nothing where there is none.
std::optional<Stack> by_shape_function(const torch::jit::Node& node, const Stack& operands) {
  // The older overloads of a convolution have flags behind the arguments that tell its size.
  const bool convolution = std::string_view(node.kind().toQualString()) == "aten::_convolution";
  const auto* schema = &node.schema();
  if (convolution) {
    for (const auto& other : torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString("aten::convolution")))
      if (other->schema().overload_name().empty()) schema = &other->schema();
  }
  const auto graph = torch::jit::shapeComputeGraphForSchema(*schema);
  if (!graph) return std::nullopt;
  Stack stack;
  for (std::size_t i = 0; i < (*graph)->inputs().size() && i < operands.size(); ++i) {
    const IValue& operand = operands[i];
    if (operand.isTensor() && operand.toTensor().defined())
      stack.emplace_back(operand.toTensor().sizes().vec());
    else
      stack.push_back(operand.isTensor() ? IValue() : operand);
  }
  torch::jit::InterpreterState(torch::jit::Code(*graph, "sizes")).run(stack);
  std::vector<Tensor> read = tensors_of(operands);
  const auto real = std::find_if(read.begin(), read.end(), [](const Tensor& t) { return t.is_floating_point(); });
  if (read.empty()) return std::nullopt;
  const Tensor& like = real == read.end() ? read.front() : *real;
  for (IValue& value : stack) {
    if (!value.isIntList()) return std::nullopt;
    value = at::empty(value.toIntVector(), at::device(at::kMeta).dtype(like.scalar_type()));
  }
  return stack;
}

/// What an operator makes that does not say it on sizes alone; `sizes`: where somebody has told.
std::optional<Stack> by_other_means(const torch::jit::Node& node, const Stack& operands, bool in_place,
                                    const std::vector<std::int64_t>* sizes) {
  const std::vector<Tensor> read = tensors_of(operands);
  if (sizes && !read.empty())
    return Stack{at::empty(*sizes, at::device(at::kMeta).dtype(read.front().scalar_type()))};
  if (in_place && !read.empty()) return Stack{read.front()};
  try {
    if (auto values = by_shape_function(node, operands)) return values;
  } catch (const std::exception&) {  // which says less than the operator did
  }
  return by_first_operand(node, read);
}

}  // namespace

bool makes_tensors(const c10::FunctionSchema& schema) {
  return std::any_of(schema.returns().begin(), schema.returns().end(),
                     [](const c10::Argument& made) { return is_tensor_type(*made.type()); });
}

bool may_hold_sizes(const Tensor& tensor) {
  return tensor.numel() <= kMostNumbers && (!at::isFloatingType(tensor.scalar_type()) || tensor.numel() == 1) &&
         !at::isComplexType(tensor.scalar_type());
}

std::vector<Tensor> tensors_in(const IValue& value) {
  if (value.isTensor())
    return value.toTensor().defined() ? std::vector<Tensor>{value.toTensor()} : std::vector<Tensor>{};
  std::vector<Tensor> all;
  const auto add = [&](const IValue& part) {
    for (const Tensor& tensor : tensors_in(part)) all.push_back(tensor);
  };
  if (value.isList()) {
    for (const IValue& part : value.toListRef()) add(part);
  } else if (value.isTuple()) {
    for (const IValue& part : value.toTupleRef().elements()) add(part);
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) add(entry.value());
  } else if (value.isObject()) {
    for (const IValue& part : value.toObjectRef().slots()) add(part);
  }
  return all;
}

const Tensor& SizeComputer::without_numbers(const Tensor& tensor) {
  if (tensor.is_meta()) return tensor;
  Tensor& shadow = shadows_[tensor.unsafeGetTensorImpl()];
  if (!shadow.defined()) {
    shadow = at::empty_strided(tensor.sizes(), tensor.strides(), at::device(at::kMeta).dtype(tensor.scalar_type()));
    kept_.push_back(tensor);
  }
  return shadow;
}

IValue SizeComputer::without_numbers(const IValue& value) {
  if (value.isTensor()) return value.toTensor().defined() ? IValue(without_numbers(value.toTensor())) : value;
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorList()) list.push_back(without_numbers(tensor));
    return list;
  }
  if (value.isList() && !tensors_in(value).empty()) {
    c10::List<c10::optional<Tensor>> list;
    for (const IValue& part : value.toListRef())
      list.push_back(part.isTensor() && part.toTensor().defined()
                         ? c10::optional<Tensor>(without_numbers(part.toTensor()))
                         : c10::nullopt);
    return list;
  }
  return value;
}

const void* SizeComputer::memory_of(const Tensor& tensor) const {
  const auto shadow = shadows_.find(tensor.unsafeGetTensorImpl());
  return (shadow == shadows_.end() ? tensor : shadow->second).storage().unsafeGetStorageImpl();
}

SizedResults SizeComputer::call(const torch::jit::Node& node, const Stack& operands,
                                const std::vector<std::int64_t>* sizes) {
  const c10::FunctionSchema& schema = node.schema();
  SizedResults results;
  results.in_place = std::any_of(schema.arguments().begin(), schema.arguments().end(),
                                 [](const c10::Argument& a) { return a.alias_info() && a.alias_info()->isWrite(); });
  Stack sized, numbers;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool device =
        operands[i].isDevice() || (i < schema.arguments().size() && schema.arguments()[i].name() == "device");
    sized.push_back(device ? IValue(c10::Device(at::kMeta)) : without_numbers(operands[i]));
    numbers.push_back(device ? IValue(c10::Device(at::kCPU)) : operands[i]);
  }
  const std::vector<Tensor> read = tensors_of(operands);
  const bool all_known = std::none_of(read.begin(), read.end(), [](const Tensor& t) { return t.is_meta(); });

  try {
    results.values = run(node, sized);
  } catch (const c10::Error& error) {
    std::optional<Stack> values = by_other_means(node, sized, results.in_place, sizes);
    // Shape arithmetic that libtorch has for numbers only.
    if (!values && all_known && !read.empty() && are_few(read) && computes_sizes(plain_name(node)))
      values = Stack{without_numbers(read.front())};
    if (!values && dynamic_cast<const c10::NotImplementedError*>(&error)) throw SizeNotTold(first_line(error));
    if (!values) throw Error(first_line(error));
    results.values = *std::move(values);
  }

  std::vector<Tensor> made = tensors_of(results.values);
  if (all_known && !made.empty() && std::all_of(made.begin(), made.end(), may_hold_sizes) &&
      computes_sizes(plain_name(node))) {
    try {
      results.values = run(node, numbers);
    } catch (const c10::Error& error) {
      throw Error(first_line(error));
    }
    made = tensors_of(results.values);
  }
  for (const Tensor& tensor : made) kept_.push_back(tensor);
  results.only_views =
      !results.in_place && !made.empty() && std::all_of(made.begin(), made.end(), [&](const Tensor& tensor) {
        return std::any_of(read.begin(), read.end(),
                           [&](const Tensor& from) { return memory_of(from) == memory_of(tensor); });
      });
  return results;
}

}  // namespace ridgeline
