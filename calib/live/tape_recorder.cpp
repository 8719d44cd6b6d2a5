#include "calib/live/tape_recorder.hpp"

#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace ridgeline {
namespace {

using at::Tensor;
using c10::IValue;

std::optional<Precision> format_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
    case at::kDouble:
      return Precision::fp32;
    case at::kHalf:
      return Precision::fp16;
    case at::kBFloat16:
      return Precision::bf16;
    case at::kChar:
    case at::kByte:
      return Precision::int8;
    default:
      return std::nullopt;
  }
}

/// "aten::embedding" and its like: what takes rows of a learned table runs even for rows that are known.
bool looks_up(std::string_view op, const std::vector<const SourceTensor*>& inputs) {
  if (op != "aten::embedding" && op != "aten::index_select" && op != "aten::index") return false;
  return !inputs.empty() && inputs[0]->learned && inputs[0]->format && inputs[0]->shape.size() > 1;
}

bool draws_numbers(std::string_view op) {
  constexpr std::array<std::string_view, 6> ops{"aten::rand",      "aten::randn",      "aten::randint",
                                                "aten::rand_like", "aten::randn_like", "aten::bernoulli"};
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

}  // namespace

TapeRecorder::TapeRecorder(const torch::jit::Module& module, const Shapes& shapes, Tape& tape)
    : shapes_(shapes), tape_(tape) {
  for (const auto& attribute : module.named_attributes()) {
    if (!attribute.value.isTensor() || !attribute.value.toTensor().defined()) continue;
    const Tensor tensor = attribute.value.toTensor();
    if (tensor.is_quantized() || tensor.is_sparse() || !tensor.has_storage())
      throw Error(fmt::format("'{}' is quantised or sparse, which is not supported", attribute.name));
    weights_.try_emplace(tensor.data_ptr(), attribute.name);
  }
}

const SourceTensor& TapeRecorder::input(const Tensor& tensor, const std::string& name) {
  SourceTensor& made = make(tensor);
  made.name = name;
  names_.insert(name);
  return made;
}

IValue TapeRecorder::attribute(const IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined() || value.toTensor().is_meta()) return value;
  const Tensor tensor = value.toTensor();
  const auto known = weights_.find(tensor.data_ptr());
  if (known == weights_.end()) return value;
  const Tensor& sized =
      may_hold_sizes(tensor) && !tensor.is_floating_point() ? tensor : sizes_.without_numbers(tensor);
  if (!tensors_.contains(sized.unsafeGetTensorImpl())) {
    SourceTensor& made = make(sized);
    made.learned = made.known = true;
    made.name = made.root = known->second;
    made.stored = made.format;
  }
  return sized;
}

SourceTensor& TapeRecorder::make(const Tensor& tensor) {
  SourceTensor& made = tape_.tensors.emplace_back();
  kept_.push_back(tensor);
  tensors_[tensor.unsafeGetTensorImpl()] = &made;
  made_[&made] = tape_.tensors.size();
  by_memory_[sizes_.memory_of(tensor)].push_back(&made);
  made.shape = tensor.sizes().vec();
  made.element_bytes = static_cast<double>(tensor.element_size());
  made.format = format_of(tensor.scalar_type());
  return made;
}

/// What was not made before is a constant of the code: weights where it has many real numbers.
SourceTensor& TapeRecorder::describe(const Tensor& tensor) {
  if (const auto found = tensors_.find(tensor.unsafeGetTensorImpl()); found != tensors_.end()) return *found->second;
  SourceTensor& constant = make(tensor);
  constant.known = true;
  constant.learned = tensor.is_floating_point() && tensor.numel() > 1;
  constant.name = constant.root = fmt::format("constant {}", ++constants_);
  constant.stored = constant.format;
  return constant;
}

std::vector<const SourceTensor*> TapeRecorder::contents(const Tensor& tensor) {
  std::vector<const SourceTensor*> all{&describe(tensor)};
  const auto written = written_.find(sizes_.memory_of(tensor));
  if (written != written_.end() && made_.at(written->second) > made_.at(all[0])) all.push_back(written->second);
  return all;
}

std::vector<IValue> TapeRecorder::record(const torch::jit::Node& node, const std::vector<IValue>& operands,
                                         const std::string& module) {
  TapeCall call{.op = node.kind().toQualString(), .name = {}, .arguments = {}, .inputs = {}, .outputs = {}};
  const auto& declared = node.schema().arguments();
  std::vector<const SourceTensor*> written;  // behind the operands, so that these keep their places
  for (std::size_t i = 0; i < operands.size(); ++i) {
    for (const Tensor& tensor : tensors_in(operands[i])) {
      const std::vector<const SourceTensor*> all = contents(tensor);
      call.inputs.push_back(all.front());
      written.insert(written.end(), all.begin() + 1, all.end());
    }
    call.arguments.emplace_back(i < declared.size() ? declared[i].name() : "", argument_of(operands[i]));
  }
  call.inputs.insert(call.inputs.end(), written.begin(), written.end());
  if (call.op == "aten::embedding" && call.inputs.size() > 1 &&
      (call.inputs[1]->format || call.inputs[1]->element_bytes < 4))
    throw Error("rows are looked up by whole numbers, as in --input 1x128:int64");
  call.name = name_of(call, module);
  const auto given = shapes_.find(call.name);
  SizedResults made;
  try {
    made = sizes_.call(node, operands, given == shapes_.end() ? nullptr : &given->second);
  } catch (const SizeNotTold&) {
    throw SizeNotTold(fmt::format("nothing tells the size of what '{}' makes", call.name),
                      fmt::format("give it: --shape '{}=1x128x768'", call.name));
  }
  call.in_place = made.in_place, call.only_views = made.only_views;
  add_results(call, made.values);
  return std::move(made.values);
}

/// Describes them, and keeps the call unless it can be made before the model runs or makes nothing new.
void TapeRecorder::add_results(TapeCall& call, const std::vector<IValue>& results) {
  const bool known = !draws_numbers(call.op) && std::all_of(call.inputs.begin(), call.inputs.end(),
                                                            [](const SourceTensor* t) { return t->known; });
  const bool runs = !known || looks_up(call.op, call.inputs);
  const SourceTensor* largest = nullptr;
  for (const SourceTensor* input : call.inputs)
    if (input->learned && (!largest || input->elements() > largest->elements())) largest = input;
  bool makes = false;
  for (const IValue& result : results)
    for (const Tensor& tensor : tensors_in(result)) {
      if (!call.in_place && tensors_.contains(tensor.unsafeGetTensorImpl())) {
        call.outputs.push_back(&describe(tensor));  // an operand as it was
        continue;
      }
      SourceTensor& output = make(tensor);
      output.name = call.name;
      output.known = !runs;
      output.learned = output.known && largest;
      if (output.learned) output.root = largest->root, output.stored = largest->stored;
      if (call.in_place) {
        const void* memory = sizes_.memory_of(tensor);
        written_[memory] = &output;
        for (SourceTensor* same : by_memory_[memory])  // a cache is no weights
          if (runs) same->learned = same->known = false;
      }
      call.outputs.push_back(&output);
      makes = true;
    }
  if (runs && makes) tape_.calls.push_back(std::move(call));
}

TapeArgument TapeRecorder::argument_of(const IValue& value) {
  if (value.isTensor() && value.toTensor().defined()) return &std::as_const(describe(value.toTensor()));
  if (value.isInt()) return value.toInt();
  if (value.isBool()) return std::int64_t{value.toBool()};
  if (value.isDouble()) return value.toDouble();
  if (value.isString()) return value.toStringRef();
  if (value.isIntList()) return value.toIntVector();
  if (value.isList()) {
    std::vector<const SourceTensor*> all;
    for (const Tensor& tensor : tensors_in(value)) all.push_back(&describe(tensor));
    return all;
  }
  return std::monostate{};
}

/// "encoder.layer.0.query" of what has weights of that name, else "encoder.layer.0/softmax".
std::string TapeRecorder::name_of(const TapeCall& call, const std::string& module) {
  std::string wanted = fmt::format("{}{}{}", module, module.empty() ? "" : "/", call.plain_name());
  for (const SourceTensor* input : call.inputs)
    if (input->learned && input->root.ends_with(".weight")) wanted = input->root.substr(0, input->root.size() - 7);
  std::string name = wanted;
  for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{} {}", wanted, i);
  return name;
}

}  // namespace ridgeline
