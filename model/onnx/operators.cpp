#include "model/onnx/operators.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/conversion/node_maker.hpp"
#include "model/onnx/attributes.hpp"
#include "model/onnx/functions.hpp"
#include "model/onnx/products.hpp"

namespace ridgeline {
namespace {

Size product(const std::vector<Size>& shape, std::size_t first, std::size_t last) {
  Size n = 1;
  for (std::size_t d = first; d < last; ++d) n *= shape[d];
  return n;
}

std::size_t place_of(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(axis, 0, static_cast<std::int64_t>(rank)));
}

class NodeConverter {
 public:
  NodeConverter(const OnnxNode& node, double activation_bytes)
      : node_(node),
        in_(node.inputs),
        make_({node.inputs.begin(), node.inputs.end()}, {node.outputs.begin(), node.outputs.end()},
              activation_bytes) {}

  ConvertedNode convert() {
    if (elements() == 0) return make_.of(View{});  // nothing to do
    if (!node_.standard || (in_.empty() ? !makes_its_own() : !in_[0])) return unknown();
    if (auto product = convert_product(node_)) return *std::move(product);
    if (const auto found = rules().find(op()); found != rules().end()) return (this->*found->second)();
    if (const auto function = onnx_function(op())) return make_.elementwise(*function);
    return unknown();
  }

 private:
  using Rule = ConvertedNode (NodeConverter::*)();

  const std::string& op() const { return node_.proto->op_type(); }
  /// Needs no input.
  bool makes_its_own() const { return op().starts_with("Random"); }
  const std::vector<Size>& shape() const { return make_.out()->shape; }
  Size elements() const { return make_.elements(); }
  Size channels() const { return shape().size() > 1 ? shape()[1] : 1; }

  ConvertedNode unknown() {
    const std::string& domain = node_.proto->domain();
    return make_.unknown(domain.empty() ? op() : domain + "." + op());
  }

  // --- element by element

  ConvertedNode add() { return make_.add(); }
  ConvertedNode multiply() {
    const bool scale = std::any_of(in_.begin(), in_.end(), [](const OnnxTensor* t) { return t && t->is_number(); });
    return make_.elementwise(scale ? Function::scale : Function::multiply);
  }
  ConvertedNode power() {
    const OnnxTensor* by = in_.size() > 1 ? in_[1] : nullptr;
    const double exponent = by && by->value && by->is_number() ? by->value->number(0) : 0;
    return make_.elementwise(exponent == 2     ? Function::square
                             : exponent == 3   ? Function::cube
                             : exponent == 0.5 ? Function::rsqrt
                                               : Function::exp);
  }
  ConvertedNode gelu() {
    const auto* approximate = find_attribute(*node_.proto, "approximate");
    return make_.elementwise(approximate && approximate->s() == "tanh" ? Function::gelu_tanh : Function::gelu);
  }
  /// Finds the range, then rounds.
  ConvertedNode dynamic_quantisation() {
    make_.before(Reduction{1, elements()});
    return make_.of(Elementwise{.function = Function::scale, .elements = elements()});
  }

  // --- rows

  ConvertedNode softmax() {
    const std::size_t rank = shape().size();
    const bool old = node_.version < 13;
    const std::size_t axis = place_of(attribute(*node_.proto, "axis", old ? 1 : -1), rank);
    const Size columns = old ? product(shape(), axis, rank) : axis < rank ? shape()[axis] : 1;
    return make_.of(Softmax{elements() / columns, columns});
  }
  ConvertedNode normalised(NormKind kind) {
    const std::size_t rank = shape().size();
    return make_.normalised(kind, product(shape(), place_of(attribute(*node_.proto, "axis", -1), rank), rank));
  }
  ConvertedNode layer_norm() { return normalised(NormKind::layer_norm); }
  ConvertedNode rms_norm() { return normalised(NormKind::rms_norm); }
  ConvertedNode batch_norm() { return make_.normalised(NormKind::affine, channels()); }
  /// Of every channel of every image.
  ConvertedNode instance_norm() { return make_.statistics(shape().size() > 1 ? shape()[0] * shape()[1] : 1); }
  ConvertedNode reduction() { return make_.reduction(); }
  ConvertedNode pooling() {
    Size window = 1;
    for (const std::int64_t k : list_attribute(*node_.proto, "kernel_shape")) window *= std::max<Size>(k, 1);
    return make_.of(Reduction{elements(), window});
  }

  // --- movement

  ConvertedNode view() { return make_.of(View{}); }
  ConvertedNode copied() {
    return make_.input_elements() == elements() && is_plain() ? view() : make_.moved(Movement::contiguous);
  }
  /// Whether nothing but dimensions of one changes its place, or everything is taken.
  bool is_plain() const {
    if (op() != "Transpose") return op() == "Slice";
    const std::vector<Size>& from = in_[0]->shape;
    std::vector<std::int64_t> order = list_attribute(*node_.proto, "perm");
    for (std::size_t d = from.size(); order.size() < from.size();) order.push_back(static_cast<std::int64_t>(--d));
    std::int64_t before = -1;
    for (const std::int64_t d : order) {
      if (d < 0 || static_cast<std::size_t>(d) >= from.size() || from[static_cast<std::size_t>(d)] == 1) continue;
      if (d < before) return false;
      before = d;
    }
    return true;
  }
  ConvertedNode concatenate() { return make_.concatenated(); }
  ConvertedNode expand() { return make_.input_elements() == elements() ? view() : make_.repeated(); }
  ConvertedNode fill() { return make_.moved(Movement::fill); }
  ConvertedNode scatter() { return make_.scattered(make_.input(2)); }
  ConvertedNode gather() {
    const OnnxTensor& table = *in_[0];
    const std::size_t axis = place_of(attribute(*node_.proto, "axis", 0), table.shape.size());
    const bool rows = op() == "Gather" && axis == 0 && !table.shape.empty();
    if (!table.learned || !rows || table.shape[0] == 0) return make_.moved(Movement::gather);
    return make_.looked_up(table);
  }

  static const std::unordered_map<std::string, Rule>& rules() {
    using C = NodeConverter;
    static const std::unordered_map<std::string, Rule> all{
        {"Add", &C::add},
        {"Sub", &C::add},
        {"Sum", &C::add},
        {"Mul", &C::multiply},
        {"Div", &C::multiply},
        {"Pow", &C::power},
        {"Gelu", &C::gelu},
        {"DynamicQuantizeLinear", &C::dynamic_quantisation},
        {"Softmax", &C::softmax},
        {"LogSoftmax", &C::softmax},
        {"Hardmax", &C::softmax},
        {"LayerNormalization", &C::layer_norm},
        {"RMSNormalization", &C::rms_norm},
        {"SimplifiedLayerNormalization", &C::rms_norm},
        {"GroupNormalization", &C::instance_norm},
        {"BatchNormalization", &C::batch_norm},
        {"InstanceNormalization", &C::instance_norm},
        {"ReduceMean", &C::reduction},
        {"ReduceSum", &C::reduction},
        {"ReduceMax", &C::reduction},
        {"ReduceMin", &C::reduction},
        {"ReduceProd", &C::reduction},
        {"ReduceL1", &C::reduction},
        {"ReduceL2", &C::reduction},
        {"ReduceSumSquare", &C::reduction},
        {"ReduceLogSum", &C::reduction},
        {"ReduceLogSumExp", &C::reduction},
        {"ArgMax", &C::reduction},
        {"ArgMin", &C::reduction},
        {"GlobalAveragePool", &C::reduction},
        {"GlobalMaxPool", &C::reduction},
        {"AveragePool", &C::pooling},
        {"MaxPool", &C::pooling},
        {"Reshape", &C::view},
        {"Flatten", &C::view},
        {"Squeeze", &C::view},
        {"Unsqueeze", &C::view},
        {"Identity", &C::view},
        {"Dropout", &C::view},
        {"Transpose", &C::copied},
        {"Slice", &C::copied},
        {"Split", &C::copied},
        {"DepthToSpace", &C::copied},
        {"SpaceToDepth", &C::copied},
        {"Concat", &C::concatenate},
        {"Expand", &C::expand},
        {"Tile", &C::expand},
        {"Upsample", &C::expand},
        {"Pad", &C::expand},
        {"ConstantOfShape", &C::fill},
        {"Range", &C::fill},
        {"EyeLike", &C::fill},
        {"OneHot", &C::fill},
        {"RandomNormal", &C::fill},
        {"RandomNormalLike", &C::fill},
        {"RandomUniform", &C::fill},
        {"RandomUniformLike", &C::fill},
        {"ScatterND", &C::scatter},
        {"ScatterElements", &C::scatter},
        {"Scatter", &C::scatter},
        {"Gather", &C::gather},
        {"GatherElements", &C::gather},
        {"GatherND", &C::gather},
    };
    return all;
  }

  const OnnxNode& node_;
  const std::vector<const OnnxTensor*>& in_;
  NodeMaker make_;
};

}  // namespace

ConvertedNode convert_node(const OnnxNode& node, double activation_bytes) {
  return NodeConverter(node, activation_bytes).convert();
}

}  // namespace ridgeline
