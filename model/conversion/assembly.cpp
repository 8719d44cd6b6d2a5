#include "model/conversion/assembly.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace ridgeline {
namespace {

/// The format that has most elements.
class Vote {
 public:
  void add(std::optional<Precision> format, Size elements) {
    if (format) elements_[*format] += static_cast<double>(elements);
  }
  Precision winner(Precision otherwise) const {
    const auto most = std::max_element(elements_.begin(), elements_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == elements_.end() ? otherwise : most->first;
  }

 private:
  std::map<Precision, double> elements_;
};

class Assembler {
 public:
  Assembler(const std::filesystem::path& file, const SourceGraph& source, const ConversionOptions& options,
            const NodeConversion& convert)
      : file_(file), source_(source), options_(options), convert_(convert) {}

  GivenGraph graph() {
    graph_.name = options_.name.empty() ? file_.stem().string() : options_.name;
    graph_.source = source_.source;
    graph_.task = options_.task;
    find_needed();
    choose_workload();
    choose_activations();
    for (const SourceTensor* input : source_.inputs) {
      if (!needed_.contains(input) || input->elements() == 0) continue;
      place_[input] = unique(input->name);
      graph_.inputs.push_back({place_[input], input->elements()});
    }
    for (std::size_t i = 0; i < source_.nodes.size(); ++i)
      if (is_needed(source_.nodes[i])) add(source_.nodes[i], i);
    if (graph_.operators.empty())
      throw InputError({file_.string(), 0, 0, ""}, "everything in it is known beforehand: nothing is left to run");
    choose_formats();
    for (const SourceTensor* output : source_.outputs)
      if (const auto found = place_.find(output); found != place_.end() && is_operator(found->second))
        graph_.outputs.push_back(found->second);
    return std::move(graph_);
  }

 private:
  void find_needed() {
    for (const SourceTensor* output : source_.outputs) needed_.insert(output);
    for (auto node = source_.nodes.rbegin(); node != source_.nodes.rend(); ++node)
      if (is_needed(*node))
        for (const SourceTensor* input : node->inputs)
          if (input) needed_.insert(input);
  }
  bool is_needed(const SourceNode& node) const {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](const SourceTensor* t) { return t && needed_.contains(t); });
  }

  void choose_workload() {
    const auto fits = [](Size n) { return std::clamp<Size>(n, 1, 1'000'000); };
    if (!source_.inputs.empty()) {
      const std::vector<Size>& shape = source_.inputs.front()->shape;
      if (!shape.empty()) graph_.batch = fits(shape[0]);
      if (shape.size() == 2 || shape.size() == 3) graph_.length = fits(shape[1]);
    }
    graph_.batch = options_.batch.value_or(graph_.batch);
    graph_.length = options_.length.value_or(graph_.length);
  }

  void choose_activations() {
    Vote vote;
    for (const SourceNode& node : source_.nodes)
      for (const SourceTensor* output : node.outputs)
        if (output && needed_.contains(output)) vote.add(output->format, output->elements());
    graph_.numerics.activations = graph_.numerics.cache = vote.winner(Precision::fp32);
  }

  /// When all operators are there.
  void choose_formats() {
    Vote vote;
    std::set<std::string> counted;
    for (const auto& [name, weights] : weights_)
      if (counted.insert(weights->root).second) vote.add(weights->stored, weights->elements());
    graph_.numerics.weights = vote.winner(graph_.numerics.activations);
    graph_.numerics.compute = 2 * integer_flops_ > matrix_flops_ ? Precision::int8 : graph_.numerics.activations;
    std::unordered_map<std::string, int> users;
    for (const auto& [name, weights] : weights_) ++users[weights->root];
    for (GivenOperator& op : graph_.operators) {
      const auto found = weights_.find(op.name);
      if (found == weights_.end()) continue;
      const SourceTensor& weights = *found->second;
      if (users.at(weights.root) > 1) op.weights = weights.root;
      const Precision format = weights.stored.value_or(Precision::fp32);
      if (format != graph_.numerics.weights) op.stored_as = format;
    }
  }

  std::string unique(const std::string& wanted) {
    std::string name = wanted.empty() ? "operator" : wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{} {}", wanted, i);
    return name;
  }
  bool is_operator(const std::string& name) const { return operators_.contains(name); }

  std::vector<std::string> edges(const SourceNode& node) const {
    std::vector<std::string> names;
    for (const SourceTensor* input : node.inputs) {
      const auto found = input ? place_.find(input) : place_.end();
      if (found != place_.end() && std::find(names.begin(), names.end(), found->second) == names.end())
        names.push_back(found->second);
    }
    return names;
  }

  void add(const SourceNode& node, std::size_t number) {
    const ConvertedNode converted = convert_(number, size_of(graph_.numerics.activations).si());
    std::vector<std::string> inputs = edges(node);
    bool weights_given = false;
    for (const Operator& op : converted.operators) {
      const bool of_input = std::holds_alternative<View>(op) || is_scatter(op);
      if (of_input && inputs.empty()) return;  // of what is known beforehand
      GivenOperator given{.name = unique(node.name), .op = op, .unknown = converted.unknown, .inputs = inputs};
      if (converted.weights && !weights_given && parameter_count(op) > 0) {
        weights_[given.name] = converted.weights;
        weights_given = true;
      }
      const double flops = work(op, graph_.numerics).matrix.si();
      matrix_flops_ += flops;
      if (converted.integer_product) integer_flops_ += flops;
      inputs.insert(inputs.begin(), given.name);
      operators_.insert(given.name);
      graph_.operators.push_back(std::move(given));
    }
    for (const SourceTensor* output : node.outputs)
      if (output) place_[output] = graph_.operators.back().name;
  }

  static bool is_scatter(const Operator& op) {
    const Copy* copy = std::get_if<Copy>(&op);
    return copy && copy->movement == Movement::scatter;
  }

  const std::filesystem::path& file_;
  const SourceGraph& source_;
  const ConversionOptions& options_;
  const NodeConversion& convert_;
  GivenGraph graph_;
  std::unordered_set<const SourceTensor*> needed_;
  std::unordered_map<const SourceTensor*, std::string> place_;  ///< operator or input whose result it is
  std::map<std::string, const SourceTensor*> weights_;          ///< by operator
  std::unordered_set<std::string> names_, operators_;
  double matrix_flops_ = 0, integer_flops_ = 0;
};

}  // namespace

GivenGraph assemble(const std::filesystem::path& file, const SourceGraph& source, const ConversionOptions& options,
                    const NodeConversion& convert) {
  return Assembler(file, source, options, convert).graph();
}

Size SourceTensor::elements() const { return elements_of_shape(shape); }

Size elements_of_shape(const std::vector<Size>& shape) {
  constexpr double most = 1e15;
  double product = 1;
  Size n = 1;
  for (const Size dimension : shape) {
    product *= static_cast<double>(dimension);
    if (product > most) throw Error("a tensor of more than 10^15 elements");
    n *= dimension;
  }
  return n;
}

}  // namespace ridgeline
