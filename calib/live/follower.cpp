#include "calib/live/follower.hpp"

#include <fmt/format.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "calib/live/sizes.hpp"

namespace ridgeline {
namespace {

using c10::IValue;
using Stack = std::vector<IValue>;
namespace attr = torch::jit::attr;
namespace prim = torch::jit::prim;

constexpr std::size_t kMostSteps = 2'000'000;
constexpr int kDeepest = 200;

/// Operators without results that change lists and dictionaries, of all that there are.
bool changes_containers(std::string_view op) {
  constexpr std::array<std::string_view, 7> ops{"aten::extend", "aten::insert", "aten::clear",    "aten::reverse",
                                                "aten::sort",   "aten::Delete", "aten::_set_item"};
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}
bool says_something(const torch::jit::Node& node) {
  return node.kind() == prim::Print || std::string_view(node.kind().toQualString()) == "aten::warn";
}

}  // namespace

Follower::Follower(std::string file, const torch::jit::Module& module, const TapeRecorder::Shapes& shapes, Tape& tape)
    : file_(std::move(file)), tape_(tape), recorder_(module, shapes, tape) {
  for (const auto& part : module.named_modules()) modules_.try_emplace(part.value._ivalue().get(), part.name);
}

void Follower::fail(const torch::jit::Node& node, const Frame& frame, const std::string& problem,
                    const std::string& hint) const {
  const std::string where = frame.module.empty() ? "" : fmt::format(" in '{}'", frame.module);
  throw InputError({file_, 0, 0, fmt::format("{}{}", node.kind().toQualString(), where)}, problem, hint);
}

void Follower::run(const torch::jit::Module& module, Stack inputs, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].isTensor()) continue;
    tape_.inputs.push_back(
        &recorder_.input(inputs[i].toTensor(), i < names.size() ? names[i] : fmt::format("input {}", i)));
  }
  const auto method = module.get_method("forward");
  method.function().ensure_defined();
  Frame frame;
  inputs.insert(inputs.begin(), module._ivalue());
  const auto graph = method.graph();
  for (std::size_t i = 0; i < inputs.size(); ++i) frame.values[graph->inputs()[i]] = inputs[i];
  for (const IValue& result : run_block(*graph->block(), frame))
    for (const at::Tensor& tensor : tensors_in(result))
      for (const SourceTensor* output : recorder_.contents(tensor)) tape_.outputs.push_back(output);
}

Stack Follower::run_block(const torch::jit::Block& block, Frame& frame) {
  for (const torch::jit::Node* node : block.nodes()) run_node(*node, frame);
  Stack results;
  for (const torch::jit::Value* value : block.outputs()) results.push_back(frame.values.at(value));
  return results;
}

void Follower::step(const torch::jit::Node& node, const Frame& frame) {
  if (++steps_ > kMostSteps) fail(node, frame, "the model takes more than two million steps");
}

void Follower::run_node(const torch::jit::Node& node, Frame& frame) {
  step(node, frame);
  Stack operands, results;
  for (const torch::jit::Value* value : node.inputs()) operands.push_back(frame.values.at(value));
  if (!run_structure(node, operands, results, frame)) {
    const torch::jit::Operator* op = node.maybeOperator();
    if (!op) fail(node, frame, "this part of the language is not supported");
    if (makes_tensors(op->schema()))
      run_on_sizes(node, operands, results, frame);
    else
      run_plainly(node, operands, results, frame);
  }
  if (results.size() < node.outputs().size()) fail(node, frame, "it makes less than the model reads of it");
  for (std::size_t i = 0; i < node.outputs().size(); ++i) frame.values[node.outputs()[i]] = results[i];
}

/// What the language itself does: constants, attributes, calls, branches, tuples and lists.
bool Follower::run_structure(const torch::jit::Node& node, const Stack& operands, Stack& results, Frame& frame) {
  const auto kind = node.kind();
  if (kind == prim::Constant) {
    // A function as a constant is looked up where it is called.
    const bool is_function = node.output()->type()->kind() == c10::TypeKind::FunctionType;
    results = {is_function ? IValue() : torch::jit::toIValue(node.output()).value_or(IValue())};
  } else if (kind == prim::GetAttr) {
    results = {recorder_.attribute(operands.at(0).toObjectRef().getAttr(node.s(attr::name)))};
  } else if (kind == prim::SetAttr) {
    operands.at(0).toObjectRef().setAttr(node.s(attr::name), operands.at(1));
  } else if (kind == prim::CallMethod || kind == prim::CallFunction) {
    results = run_function(node, operands, frame);
  } else if (kind == prim::If) {
    results = run_block(*node.blocks()[operands.at(0).toBool() ? 0 : 1], frame);
  } else if (kind == prim::Loop) {
    run_loop(node, operands, results, frame);
  } else if (kind == prim::TupleConstruct) {
    results = {c10::ivalue::Tuple::create(operands)};
  } else if (kind == prim::ListConstruct) {
    c10::impl::GenericList list(node.output()->type()->expectRef<c10::ListType>().getElementType());
    for (const IValue& operand : operands) list.push_back(operand);
    results = {list};
  } else if (kind == prim::DictConstruct) {
    const auto& type = node.output()->type()->expectRef<c10::DictType>();
    c10::impl::GenericDict dict(type.getKeyType(), type.getValueType());
    for (std::size_t i = 0; i + 1 < operands.size(); i += 2) dict.insert_or_assign(operands[i], operands[i + 1]);
    results = {dict};
  } else if (kind == prim::TupleUnpack) {
    results = operands.at(0).toTupleRef().elements();
  } else if (kind == prim::ListUnpack) {
    results = operands.at(0).toListRef().vec();
  } else if (kind == prim::TupleIndex) {
    const auto& elements = operands.at(0).toTupleRef().elements();
    const std::int64_t at = operands.at(1).toInt();
    const auto size = static_cast<std::int64_t>(elements.size());
    results = {elements[static_cast<std::size_t>(at < 0 ? at + size : at)]};
  } else if (kind == prim::device) {
    results = {IValue(c10::Device(at::kCPU))};  // what the model asks is where it would run
  } else if (kind == prim::RaiseException) {
    fail(node, frame,
         fmt::format("the model refuses these inputs: {}",
                     operands.at(0).isString() ? operands[0].toStringRef() : "an exception"));
  } else if (kind == prim::unchecked_cast || kind == prim::Uninitialized) {
    results = {operands.empty() ? IValue() : operands[0]};
  } else if (!says_something(node)) {
    return false;
  }
  return true;
}

Stack Follower::run_function(const torch::jit::Node& node, const Stack& operands, const Frame& frame) {
  const bool method = node.kind() == prim::CallMethod;
  torch::jit::Function& function = method ? operands.at(0).toObjectRef().type()->getMethod(node.s(attr::name))
                                          : *node.inputs()[0]->type()->expectRef<c10::FunctionType>().function();
  function.ensure_defined();
  if (!torch::jit::tryToGraphFunction(function)) fail(node, frame, "it calls code that is not the model's");
  if (frame.depth >= kDeepest) fail(node, frame, "the model's functions call each other without end");
  Frame inner{.values = {}, .module = frame.module, .depth = frame.depth + 1};
  if (method)
    if (const auto found = modules_.find(&operands[0].toObjectRef()); found != modules_.end())
      inner.module = found->second;
  const auto graph = torch::jit::toGraphFunction(function).graph();
  for (std::size_t i = 0; i < graph->inputs().size(); ++i)
    inner.values[graph->inputs()[i]] = operands.at(i + (method ? 0 : 1));
  return run_block(*graph->block(), inner);
}

void Follower::run_loop(const torch::jit::Node& node, const Stack& operands, Stack& results, Frame& frame) {
  const torch::jit::Block& body = *node.blocks()[0];
  const std::int64_t most = operands.at(0).toInt();
  bool again = operands.at(1).toBool();
  results.assign(operands.begin() + 2, operands.end());
  for (std::int64_t i = 0; again && i < most; ++i) {
    step(node, frame);
    frame.values[body.inputs()[0]] = i;
    for (std::size_t k = 0; k < results.size(); ++k) frame.values[body.inputs()[k + 1]] = results[k];
    Stack next = run_block(body, frame);
    again = next.at(0).toBool();
    results.assign(next.begin() + 1, next.end());
  }
}

/// Of no tensors, or what only asks tensors for their sizes.
void Follower::run_plainly(const torch::jit::Node& node, const Stack& operands, Stack& results, const Frame& frame) {
  const std::string_view op = node.kind().toQualString();
  const bool ours = op.starts_with("aten::") || op.starts_with("prim::");
  const bool lists_numbers = op == "prim::tolist" || op == "aten::data_ptr";
  if (!ours || lists_numbers || (node.outputs().empty() && !changes_containers(op)))
    fail(node, frame, "it does more than the sizes of tensors tell");
  try {
    results = operands;
    node.getOperation()(results);
  } catch (const c10::IndexError&) {
    fail(node, frame, "the inputs have fewer dimensions or elements than the model reads",
         "--input gives the shapes that it is called with");
  } catch (const std::exception&) {
    const bool of_tensors =
        std::any_of(operands.begin(), operands.end(), [](const IValue& v) { return v.isTensor(); });
    fail(
        node, frame,
        of_tensors ? "what the model does depends on numbers that it computes" : "it cannot be done with these sizes",
        "export the model without it, for example by tracing it: torch.jit.trace(model, example)");
  }
}

void Follower::run_on_sizes(const torch::jit::Node& node, const Stack& operands, Stack& results, const Frame& frame) {
  try {
    results = recorder_.record(node, operands, frame.module);
  } catch (const SizeNotTold& error) {
    fail(node, frame, error.what(), error.hint());
  } catch (const Error& error) {
    fail(node, frame, fmt::format("its operands do not fit: {}", error.what()));
  }
}

}  // namespace ridgeline
