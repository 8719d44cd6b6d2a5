#include "model/given_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/document.hpp"
#include "model/lowering.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

/// The phase that an architecture's lowering would call so.
std::string phase_name(Task task) {
  switch (task) {
    case Task::prefill:
      return "prefill";
    case Task::decode_step:
      return "decode";
    default:
      return "encoder";
  }
}

/// Runs through the operators in order and leaves out or joins what a compiler would.
class GivenLowering {
 public:
  GivenLowering(const GivenGraph& graph, const Workload& workload) : given_(graph), workload_(workload) {
    builder_.reserve(graph.inputs.size() + graph.operators.size());
    count_readers();
    for (const GivenTensor& tensor : graph.inputs)
      place_[tensor.name] = builder_.add_given(tensor.elements, tensor.name);
    for (const GivenOperator& op : graph.operators) place_[op.name] = add(op);
  }

  Phase phase() && {
    Phase phase{phase_name(given_.task), {}, 1, {}};
    for (const std::string& output : given_.outputs) phase.results.push_back(node_of(output));
    phase.results.push_back(node_of(given_.operators.back().name));
    std::sort(phase.results.begin(), phase.results.end());
    phase.results.erase(std::unique(phase.results.begin(), phase.results.end()), phase.results.end());
    phase.graph = std::move(builder_).build();
    return phase;
  }

 private:
  OperatorVertex node_of(const std::string& name) const { return static_cast<OperatorVertex>(place_.at(name)); }
  bool eager() const { return workload_.fusion == Fusion::none; }

  /// By operator or tensor: how often its result is read, through views as well, or kept.
  void count_readers() {
    for (const GivenOperator& op : given_.operators) {
      const bool view = std::holds_alternative<View>(op.op);
      for (const std::string& input : op.inputs) {
        const std::string& read = behind(input);
        if (view && &input == op.inputs.data())
          viewed_[op.name] = read;
        else
          ++readers_[read];
      }
    }
    for (const std::string& output : given_.outputs) ++readers_[behind(output)];
    ++readers_[behind(given_.operators.back().name)];
  }
  const std::string& behind(const std::string& name) const {
    const auto found = viewed_.find(name);
    return found == viewed_.end() ? name : found->second;
  }

  NodeNumber add(const GivenOperator& given) {
    if (std::holds_alternative<View>(given.op)) return add_view(given);
    Operator op = given.op;
    std::vector<std::string> inputs = given.inputs;
    if (auto* elementwise = std::get_if<Elementwise>(&op); elementwise && !eager()) {
      const auto producer = std::find_if(inputs.begin(), inputs.end(), [&](const std::string& name) {
        return takes_in(name, elementwise->elements);
      });
      elementwise->fused_into_producer = producer != inputs.end();
      if (elementwise->fused_into_producer) std::rotate(inputs.begin(), producer, producer + 1);
    }
    const NodeNumber node = builder_.add(op, given.name, {});
    for (const std::string& input : inputs) builder_.add_input(node, place_.at(input));
    if (const auto* copy = std::get_if<Copy>(&op); copy && copy->movement == Movement::scatter)
      builder_.set_output(node, builder_[place_.at(inputs.front())].output);
    if (!given.weights.empty()) {
      const auto number = static_cast<std::int32_t>(weights_.size());
      builder_.share_weights(node, weights_.try_emplace(given.weights, number).first->second);
    }
    return node;
  }

  NodeNumber add_view(const GivenOperator& given) {
    const int operations = eager() && workload_.views ? std::get<View>(given.op).operations : 0;
    if (given.inputs.empty()) return builder_.add(View{operations}, given.name, {});
    const NodeNumber input = place_.at(given.inputs.front());
    const NodeNumber node = builder_.add_view(operations, given.name, input);
    for (std::size_t i = 1; operations > 0 && i < given.inputs.size(); ++i)
      builder_.add_input(node, place_.at(given.inputs[i]));
    return node;
  }

  /// Whether the operator of that name may do `elements` results of an element-wise one before it writes its own.
  bool takes_in(const std::string& name, Size elements) const {
    const OperatorNode& producer = builder_[place_.at(name)];
    if (std::holds_alternative<View>(producer.op) || is_unknown(producer.op)) return false;
    return producer.output == elements && readers_.at(behind(name)) == 1;
  }

  const GivenGraph& given_;
  const Workload& workload_;
  GraphBuilder builder_;
  std::unordered_map<std::string, NodeNumber> place_;
  std::unordered_map<std::string, std::string> viewed_;  ///< what a view is of, no view itself
  std::unordered_map<std::string, int> readers_;
  std::unordered_map<std::string, std::int32_t> weights_;
};

/// Sets of weights by name, each in the format of its largest user; weights without a name are sets of their own.
Bytes weights_size(const GivenGraph& graph, const Numerics& numerics) {
  struct Set {
    Size count = 0;
    Precision format = Precision::fp32;
  };
  std::unordered_map<std::string, Set> shared;
  Bytes total;
  for (const GivenOperator& given : graph.operators) {
    const Size count = parameter_count(given.op);
    const bool own = given.stored_as && numerics.weights == graph.numerics.weights;
    const Precision format = own ? *given.stored_as : numerics.weights;
    if (given.weights.empty()) {
      total += size_of(format) * static_cast<double>(count);
    } else if (Set& set = shared[given.weights]; count > set.count) {
      set = {count, format};
    }
  }
  for (const auto& [name, set] : shared) total += size_of(set.format) * static_cast<double>(set.count);
  return total;
}

}  // namespace

bool is_given_graph(const Node& document) {
  if (!document.is_map()) return false;
  const Node* kind = document.find("ridgeline");
  return kind && kind->is_scalar() && kind->text() == "graph";
}

Workload workload_of(const GivenGraph& graph) {
  Workload workload;
  workload.task = graph.task;
  workload.batch = graph.batch;
  workload.length = graph.length;
  workload.numerics = graph.numerics;
  return workload;
}

Program lower(const GivenGraph& graph, const Workload& workload) {
  Program program;
  program.phases.push_back(GivenLowering(graph, workload).phase());
  program.parameters = parameter_count(program.phases.front().graph);
  program.weights = weights_size(graph, workload.numerics);
  program.sequences = graph.batch;
  return program;
}

std::vector<UnknownOperator> unknown_operators(const GivenGraph& graph) {
  std::vector<UnknownOperator> all;
  for (const GivenOperator& given : graph.operators) {
    if (given.unknown.empty()) continue;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const UnknownOperator& u) { return u.name == given.unknown; });
    if (found == all.end())
      all.push_back({given.unknown, 1});
    else
      ++found->count;
  }
  return all;
}

const std::string& name_of(const Model& model) {
  return std::visit([](const auto& m) -> const std::string& { return m.name; }, model);
}

std::string_view family_of(const Model& model) {
  const auto* architecture = std::get_if<Architecture>(&model);
  return architecture ? std::string_view(architecture->family) : "graph";
}

Size parameter_count(const Model& model) {
  if (const auto* architecture = std::get_if<Architecture>(&model)) return parameter_count(*architecture);
  const auto& graph = std::get<GivenGraph>(model);
  return lower(graph, workload_of(graph)).parameters;
}

const Architecture& architecture_of(const Model& model) {
  if (const auto* architecture = std::get_if<Architecture>(&model)) return *architecture;
  throw Error(fmt::format("{} is given by its operators, and an architecture is needed here", name_of(model)));
}

Program lower(const Model& model, const Workload& workload) {
  return std::visit([&](const auto& m) { return lower(m, workload); }, model);
}

std::string to_yaml(const Model& model) {
  return std::visit([](const auto& m) { return to_yaml(m); }, model);
}

}  // namespace ridgeline
