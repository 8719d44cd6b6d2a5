#include "model/onnx/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "model/onnx/operators.hpp"
#include "model/onnx/patterns.hpp"

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;

bool counts(int type) {
  constexpr std::array formats{Proto::FLOAT,  Proto::FLOAT16, Proto::BFLOAT16,
                               Proto::DOUBLE, Proto::INT8,    Proto::UINT8};
  return std::find(formats.begin(), formats.end(), type) != formats.end();
}

/// The format that has most elements.
class Vote {
 public:
  void add(int type, double elements) {
    if (counts(type)) elements_[precision_of_type(type)] += elements;
  }
  Precision winner(Precision otherwise) const {
    const auto most = std::max_element(elements_.begin(), elements_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == elements_.end() ? otherwise : most->first;
  }

 private:
  std::map<Precision, double> elements_;
};

class Converter {
 public:
  Converter(const std::filesystem::path& file, const ConvertOptions& options)
      : file_(file), options_(options), model_(read_onnx(file, options.questions)) {}

  GivenGraph graph() {
    graph_.name = options_.name.empty() ? file_.stem().string() : options_.name;
    graph_.source = model_.source;
    graph_.task = options_.task;
    find_needed();
    choose_workload();
    choose_activations();
    for (const OnnxTensor* input : model_.inputs) {
      if (!needed_.contains(input) || input->elements() == 0) continue;
      place_[input] = unique(input->name);
      graph_.inputs.push_back({place_[input], input->elements()});
    }
    for (const OnnxNode& node : model_.nodes)
      if (is_needed(node)) add(node);
    if (graph_.operators.empty())
      throw InputError({file_.string(), 0, 0, ""}, "everything in it is known beforehand: nothing is left to run");
    choose_formats();
    for (const OnnxTensor* output : model_.outputs)
      if (const auto found = place_.find(output); found != place_.end() && is_operator(found->second))
        graph_.outputs.push_back(found->second);
    if (!options_.as_written) put_together(graph_);
    return std::move(graph_);
  }

 private:
  void find_needed() {
    for (const OnnxTensor* output : model_.outputs) needed_.insert(output);
    for (auto node = model_.nodes.rbegin(); node != model_.nodes.rend(); ++node)
      if (is_needed(*node))
        for (const OnnxTensor* input : node->inputs)
          if (input) needed_.insert(input);
  }
  bool is_needed(const OnnxNode& node) const {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](const OnnxTensor* t) { return t && needed_.contains(t); });
  }

  void choose_workload() {
    const auto fits = [](Size n) { return std::clamp<Size>(n, 1, 1'000'000); };
    if (!model_.inputs.empty()) {
      const std::vector<Size>& shape = model_.inputs.front()->shape;
      if (!shape.empty()) graph_.batch = fits(shape[0]);
      if (shape.size() == 2 || shape.size() == 3) graph_.length = fits(shape[1]);
    }
    graph_.batch = options_.batch.value_or(graph_.batch);
    graph_.length = options_.length.value_or(graph_.length);
  }

  void choose_activations() {
    Vote vote;
    for (const OnnxNode& node : model_.nodes)
      for (const OnnxTensor* output : node.outputs)
        if (output && needed_.contains(output)) vote.add(output->type, static_cast<double>(output->elements()));
    graph_.numerics.activations = graph_.numerics.cache = vote.winner(Precision::fp32);
  }

  /// When all operators are there.
  void choose_formats() {
    Vote vote;
    std::set<std::string> counted;
    for (const auto& [name, weights] : weights_)
      if (counted.insert(weights->root).second) vote.add(weights->stored, static_cast<double>(weights->elements()));
    graph_.numerics.weights = vote.winner(graph_.numerics.activations);
    graph_.numerics.compute = 2 * integer_flops_ > matrix_flops_ ? Precision::int8 : graph_.numerics.activations;
    std::unordered_map<std::string, int> users;
    for (const auto& [name, weights] : weights_) ++users[weights->root];
    for (GivenOperator& op : graph_.operators) {
      const auto found = weights_.find(op.name);
      if (found == weights_.end()) continue;
      const OnnxTensor& weights = *found->second;
      if (users.at(weights.root) > 1) op.weights = weights.root;
      const Precision format = precision_of_type(weights.stored);
      if (format != graph_.numerics.weights) op.stored_as = format;
    }
  }

  std::string unique(const std::string& wanted) {
    std::string name = wanted.empty() ? "operator" : wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{} {}", wanted, i);
    return name;
  }
  bool is_operator(const std::string& name) const { return operators_.contains(name); }

  std::vector<std::string> edges(const OnnxNode& node) const {
    std::vector<std::string> names;
    for (const OnnxTensor* input : node.inputs) {
      const auto found = input ? place_.find(input) : place_.end();
      if (found != place_.end() && std::find(names.begin(), names.end(), found->second) == names.end())
        names.push_back(found->second);
    }
    return names;
  }

  void add(const OnnxNode& node) {
    ConvertedNode converted = convert_node(node, size_of(graph_.numerics.activations).si());
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
    for (const OnnxTensor* output : node.outputs)
      if (output) place_[output] = graph_.operators.back().name;
  }

  static bool is_scatter(const Operator& op) {
    const Copy* copy = std::get_if<Copy>(&op);
    return copy && copy->movement == Movement::scatter;
  }

  std::filesystem::path file_;
  const ConvertOptions& options_;
  ShapedModel model_;
  GivenGraph graph_;
  std::unordered_set<const OnnxTensor*> needed_;
  std::unordered_map<const OnnxTensor*, std::string> place_;  ///< operator or input whose result it is
  std::map<std::string, const OnnxTensor*> weights_;          ///< by operator
  std::unordered_set<std::string> names_, operators_;
  double matrix_flops_ = 0, integer_flops_ = 0;
};

}  // namespace

GivenGraph convert_onnx(const std::filesystem::path& file, const ConvertOptions& options) {
  return Converter(file, options).graph();
}

}  // namespace ridgeline
