// A model that is given by its operators instead of an architecture: what `ridgeline convert` makes of ONNX and
// TorchScript files, and what people may write by hand (docs/convert.md has the file form, `ridgeline: graph`).
//
// The operators stand in program order and were made for one workload: another batch or length needs another graph.
// An operator that is not one of ours is `unknown`: it keeps its name and costs the bytes that it reads and writes,
// as a copy of them would (Movement::unknown); whoever prints figures names it and widens the interval for its share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/architecture.hpp"
#include "model/operators.hpp"
#include "model/workload.hpp"

namespace ridgeline {

class Node;
struct Program;

/// A tensor that exists before the graph runs.
struct GivenTensor {
  std::string name;
  Size elements = 0;
  friend bool operator==(const GivenTensor&, const GivenTensor&) = default;
};

struct GivenOperator {
  std::string name;  ///< unique in the graph, tensors included
  Operator op = View{};
  std::string unknown{};                 ///< what the model calls an unknown operator; empty for all others
  std::vector<std::string> inputs{};     ///< tensors and earlier operators whose results it reads, the main one first
  std::string weights{};                 ///< operators of the same non-empty name share one set of weights
  std::optional<Precision> stored_as{};  ///< its weights, where that is not the graph's format
  friend bool operator==(const GivenOperator&, const GivenOperator&) = default;
};

struct GivenGraph {
  std::string name;
  std::string source;        ///< where it came from, in words; may be empty
  Task task = Task::encode;  ///< encode, prefill or decode_step: names the phase
  Size batch = 1;            ///< sequences, for figures per sequence
  Size length = 1;           ///< tokens of each, for figures per token
  Numerics numerics;
  std::vector<GivenTensor> inputs;
  std::vector<GivenOperator> operators;  ///< in program order
  std::vector<std::string> outputs;      ///< operators whose results outlive the graph, besides the last one's
  friend bool operator==(const GivenGraph&, const GivenGraph&) = default;
};

/// True for a document that says `ridgeline: graph`.
bool is_given_graph(const Node& document);

/// InputError with file, line and key for unknown kinds and keys, names that are used twice or before they are
/// computed, and sizes beyond 10^12 or whose products leave 63 bits.
GivenGraph parse_given_graph(const Node& document, std::string name);

/// parse_given_graph() reads it back equal.
std::string to_yaml(const GivenGraph& graph);

/// What is asked of it: its own task, batch, length and number formats.
Workload workload_of(const GivenGraph& graph);

/// One phase. Of the workload its numerics, fusion and views count. With a fusion, views are left out and an
/// element-wise operator joins the operator before it where nobody else reads that one's result; attention is not
/// recognised, so flash-attention is the same as typical. Weights keep formats of their own unless `numerics` stores
/// weights otherwise than the graph does.
Program lower(const GivenGraph& graph, const Workload& workload);

/// Operators that are unknown by one name.
struct UnknownOperator {
  std::string name;
  Size count = 0;
  friend bool operator==(const UnknownOperator&, const UnknownOperator&) = default;
};
/// In the order in which they first appear.
std::vector<UnknownOperator> unknown_operators(const GivenGraph& graph);

/// A model, whichever way it is defined.
using Model = std::variant<Architecture, GivenGraph>;
const std::string& name_of(const Model& model);
/// The architecture's family; "graph".
std::string_view family_of(const Model& model);
Size parameter_count(const Model& model);
/// Error, naming the model, where it is given by its operators.
const Architecture& architecture_of(const Model& model);
Program lower(const Model& model, const Workload& workload);

/// As load_model() and parse_model() of model/readers.hpp, but of graphs too.
Model load_model_or_graph(std::string_view name_or_path);
Model parse_model_or_graph(const Node& document, std::string name);
std::string to_yaml(const Model& model);

}  // namespace ridgeline
