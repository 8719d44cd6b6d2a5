// Files of operator graphs (docs/convert.md).
#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "base/document.hpp"
#include "model/given_graph.hpp"
#include "model/given_graph_fields.hpp"
#include "model/yaml_fields.hpp"

namespace ridgeline {
namespace {

constexpr Size kMostOperators = 1'000'000;
constexpr Size kLargestCount = 1'000'000'000'000;  // elements of a tensor: 4 TB in fp32
constexpr double kLargestProduct = 4e18;           // products of an operator's dimensions fit 63 bits

/// Reads what GivenFields visits.
struct FieldReader {
  const Node& node;
  std::vector<std::string> keys{"name", "kind", "inputs"};
  double product = 1;

  void size(const char* key, Size& value) { take(key, value, 1, true); }
  void size(const char* key, Size& value, Size usual) {
    value = usual;
    keys.emplace_back(key);
    if (node.has(key)) value = node.at(key).integer_in(1, kLargestCount);
  }
  void count(const char* key, Size& value) { take(key, value, 1, false); }
  void count(const char* key, Size& value, Size usual) {
    value = usual;
    keys.emplace_back(key);
    if (node.has(key)) value = node.at(key).integer_in(usual == 1 ? 1 : 0, kLargestCount);
  }
  void flag(const char* key, bool& value, bool usual) {
    value = usual;
    keys.emplace_back(key);
    if (const Node* found = node.find(key)) value = found->boolean();
  }
  void share(const char* key, double& value) {
    keys.emplace_back(key);
    const Node* found = node.find(key);
    if (!found) return;
    value = found->number();
    if (!(value > 0 && value <= 1)) found->fail("expected a share above 0, at most 1");
  }
  template <class Value, std::size_t N>
  void word(const char* key, const char* kind, const NameTable<Value, N>& table, Value& value) {
    keys.emplace_back(key);
    node.at(key);  // complains when it is missing
    Fields({&node}).word(key, kind, table, value);
  }

 private:
  void take(const char* key, Size& value, Size lowest, bool multiplies) {
    keys.emplace_back(key);
    value = node.at(key).integer_in(lowest, kLargestCount);
    if (multiplies) product *= static_cast<double>(value);
  }
};

Precision precision_of(const Node& node) {
  if (const auto precision = parse_precision(node.text())) return *precision;
  std::vector<std::string> names;
  for (const Precision p : kPrecisions) names.emplace_back(name(p));
  throw_unknown_name(node.location(), "precision", node.text(), names);
}

/// `precision: fp16`, or formats of weights, activations and products each.
Numerics read_numerics(const Node& node) {
  if (!node.is_map()) return uniform_numerics(precision_of(node));
  node.allow_only({"weights", "activations", "compute"});
  Numerics numerics;
  numerics.weights = precision_of(node.at("weights"));
  numerics.activations = numerics.cache = precision_of(node.at("activations"));
  numerics.compute = precision_of(node.at("compute"));
  return numerics;
}

Task read_task(const Node& node) {
  const Task task = parse_task(node.location(), node.text());
  if (task == Task::generate || task == Task::train)
    node.fail(fmt::format("a graph is one pass, so its task is not '{}'", node.text()),
              "use encode, prefill or decode");
  return task;
}

class GraphReader {
 public:
  GivenGraph read(const Node& document, std::string name) {
    document.allow_only(
        {"ridgeline", "name", "source", "task", "batch", "length", "precision", "inputs", "operators", "outputs"});
    graph_.name = std::move(name);
    if (const Node* own = document.find("name")) graph_.name = own->text();
    if (const Node* source = document.find("source")) graph_.source = source->text();
    if (const Node* task = document.find("task")) graph_.task = read_task(*task);
    if (const Node* batch = document.find("batch")) graph_.batch = batch->integer_in(1, 1'000'000);
    if (const Node* length = document.find("length")) graph_.length = length->integer_in(1, 1'000'000);
    if (const Node* precision = document.find("precision")) graph_.numerics = read_numerics(*precision);
    if (const Node* inputs = document.find("inputs")) read_inputs(*inputs);
    const Node& operators = document.at("operators");
    if (operators.items().empty()) operators.fail("expected at least one operator");
    if (static_cast<Size>(operators.size()) > kMostOperators)
      operators.fail(fmt::format("more than {} operators", kMostOperators));
    for (const Node& item : operators.items()) later_.insert(item.at("name").text());
    for (const Node& item : operators.items()) graph_.operators.push_back(read_operator(item));
    if (const Node* outputs = document.find("outputs"))
      for (const Node& output : outputs->items()) {
        if (!computed_.contains(output.text())) output.fail(no_such(output.text()));
        graph_.outputs.push_back(output.text());
      }
    return std::move(graph_);
  }

 private:
  void read_inputs(const Node& list) {
    for (const Node& item : list.items()) {
      item.allow_only({"name", "elements"});
      add_name(item.at("name"));
      graph_.inputs.push_back({item.at("name").text(), item.at("elements").integer_in(1, kLargestCount)});
    }
  }

  void add_name(const Node& node) {
    if (node.text().empty()) node.fail("a name is needed");
    if (!computed_.insert(node.text()).second) node.fail(fmt::format("the name '{}' is used twice", node.text()));
    names_.push_back(node.text());
  }

  std::string no_such(const std::string& name) const {
    const std::string nearest = nearest_name(name, names_);
    return fmt::format("no tensor or operator '{}'{}", name,
                       nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
  }

  GivenOperator read_operator(const Node& item) {
    GivenOperator given;
    given.name = item.at("name").text();
    const Node& kind = item.at("kind");
    std::vector<std::string> allowed;
    if (kind.text() == kUnknownKind) {
      Copy copy{.movement = Movement::unknown, .elements = 0};
      FieldReader fields{item};
      unknown_fields(fields, copy);
      given.op = copy;
      given.unknown = item.at("operator").text();
      if (given.unknown.empty())
        item.at("operator").fail("an unknown operator needs the name that its model gives it");
      allowed = std::move(fields.keys);
      allowed.emplace_back("operator");
    } else {
      given.op = empty_operator(kind);
      FieldReader fields{item};
      std::visit(GivenFields<FieldReader>{fields}, given.op);
      if (fields.product > kLargestProduct)
        item.fail(fmt::format("its dimensions multiply to {:.1e}: more than any device computes", fields.product));
      allowed = std::move(fields.keys);
    }
    if (const Node* inputs = item.find("inputs")) read_edges(*inputs, given);
    if (parameter_count(given.op) > 0) read_weights(item, given, allowed);
    item.allow_only(allowed);
    check_shape(item, given);
    later_.erase(given.name);
    add_name(item.at("name"));
    return given;
  }

  static Operator empty_operator(const Node& kind) {
    std::vector<std::string> names{std::string(kUnknownKind)};
    for (const GivenKind& known : kGivenKinds) {
      if (known.name == kind.text()) return known.empty;
      names.emplace_back(known.name);
    }
    throw_unknown_name(kind.location(), "kind", kind.text(), names);
  }

  void read_edges(const Node& inputs, GivenOperator& given) const {
    for (const Node& input : inputs.items()) {
      const std::string& from = input.text();
      if (computed_.contains(from)) {
        given.inputs.push_back(from);
        continue;
      }
      if (later_.contains(from))
        input.fail(fmt::format("'{}' reads '{}', which is computed by itself or later", given.name, from),
                   "operators stand in the order in which they run");
      input.fail(no_such(from));
    }
  }

  static void read_weights(const Node& item, GivenOperator& given, std::vector<std::string>& allowed) {
    allowed.insert(allowed.end(), {"weights", "stored_as"});
    if (const Node* weights = item.find("weights")) given.weights = weights->text();
    if (const Node* format = item.find("stored_as")) given.stored_as = precision_of(*format);
  }

  static void check_shape(const Node& item, const GivenOperator& given) {
    if (const auto* product = std::get_if<MatMul>(&given.op);
        product && (product->inner % product->groups != 0 || product->columns % product->groups != 0))
      item.at("groups").fail(
          fmt::format("must divide inner ({}) and columns ({})", product->inner, product->columns));
    const auto* copy = std::get_if<Copy>(&given.op);
    if (copy && copy->parameters > std::max(copy->elements, copy->source) && !is_unknown(given.op))
      item.at("parameters").fail("more learned numbers than are moved");
    if (copy && copy->movement == Movement::scatter && given.inputs.empty())
      item.fail("needs an input: its result is as large as that one");
    if (const auto* attention = std::get_if<FusedAttention>(&given.op);
        attention && attention->causal && attention->keys < attention->queries)
      item.at("keys").fail("fewer keys than queries below a causal mask");
  }

  GivenGraph graph_;
  std::unordered_set<std::string> computed_, later_;
  std::vector<std::string> names_;
};

}  // namespace

GivenGraph parse_given_graph(const Node& document, std::string name) {
  if (!is_given_graph(document)) document.fail("expected an operator graph (ridgeline: graph)");
  return GraphReader().read(document, std::move(name));
}

}  // namespace ridgeline
