#include "model/onnx/operators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "model/onnx/fold.hpp"
#include "model/onnx/products.hpp"

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;

Size product(const std::vector<Size>& shape, std::size_t first, std::size_t last) {
  Size n = 1;
  for (std::size_t d = first; d < last; ++d) n *= shape[d];
  return n;
}

/// Learned numbers: whole numbers are indices and positions, single ones are scales.
Size learned_numbers(const OnnxTensor* tensor) {
  if (!tensor || !tensor->learned || tensor->is_number()) return 0;
  const bool index = tensor->stored_type == Proto::INT64 || tensor->stored_type == Proto::INT32 ||
                     tensor->stored_type == Proto::BOOL;
  return index ? 0 : tensor->elements();
}

std::size_t place_of(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(axis, 0, static_cast<std::int64_t>(rank)));
}

class NodeConverter {
 public:
  NodeConverter(const OnnxNode& node, double activation_bytes)
      : node_(node), in_(node.inputs), activation_bytes_(activation_bytes) {
    for (const OnnxTensor* output : node.outputs)
      if (output) outputs_ += output->elements();
    out_ = node.outputs.front()
               ? node.outputs.front()
               : *std::find_if(node.outputs.begin(), node.outputs.end(), [](const OnnxTensor* t) { return t; });
    n_ = out_->elements();
  }

  ConvertedNode convert() {
    if (n_ == 0 || outputs_ == 0) return of(View{});  // nothing to do
    if (!node_.standard || (in_.empty() ? !makes_its_own() : !in_[0])) return unknown();
    if (auto product = convert_product(node_)) {
      take_weights(product->weights);
      result_.integer_product = product->integer_product;
      result_.operators = std::move(product->operators);
      return std::move(result_);
    }
    const std::string& op = node_.proto->op_type();
    if (const auto found = rules().find(op); found != rules().end()) return (this->*found->second)();
    if (const auto found = functions().find(op); found != functions().end()) return elementwise(found->second);
    return unknown();
  }

 private:
  using Rule = ConvertedNode (NodeConverter::*)();

  /// Needs no input.
  bool makes_its_own() const { return node_.proto->op_type().starts_with("Random"); }
  bool has(std::size_t i) const { return i < in_.size() && in_[i]; }
  Size input_elements() const { return has(0) ? in_[0]->elements() : 0; }

  ConvertedNode of(const Operator& op) {
    result_.operators.push_back(op);
    return std::move(result_);
  }

  /// The largest learned input is the weights of the node.
  void take_weights(const SourceTensor* weights) { result_.weights = weights; }
  Size take_learned(std::size_t first = 0) {
    Size all = 0;
    for (std::size_t i = first; i < in_.size(); ++i) {
      const Size own = learned_numbers(in_[i]);
      all += own;
      if (own > 0 && (!result_.weights || own > result_.weights->elements())) result_.weights = in_[i];
    }
    return all;
  }

  ConvertedNode unknown() {
    double read = 0, written = 0;
    for (const OnnxTensor* input : in_)
      if (input && !input->known) read += bytes_of_type(input->type) * static_cast<double>(input->elements());
    for (const OnnxTensor* output : node_.outputs)
      if (output) written += bytes_of_type(output->type) * static_cast<double>(output->elements());
    const auto elements = [&](double bytes) { return static_cast<Size>(std::ceil(bytes / activation_bytes_)); };
    const std::string& domain = node_.proto->domain();
    result_.unknown = domain.empty() ? node_.proto->op_type() : domain + "." + node_.proto->op_type();
    return of(Copy{.movement = Movement::unknown,
                   .elements = elements(written),
                   .parameters = take_learned(),
                   .source = elements(read)});
  }

  // --- element by element

  ConvertedNode elementwise(Function function) {
    Size full = 0;
    for (const OnnxTensor* input : in_) full += input && !input->known && input->elements() == n_ ? 1 : 0;
    return of(Elementwise{.function = function,
                          .elements = n_,
                          .operands = static_cast<int>(std::max<Size>(full, 1)),
                          .parameters = take_learned()});
  }
  bool is_bias() const {
    const Size last = out_->shape.empty() ? 1 : out_->shape.back();
    return std::any_of(in_.begin(), in_.end(), [&](const OnnxTensor* t) {
      return t && learned_numbers(t) == last && t->elements() < n_ && !t->shape.empty() && t->shape.back() == last;
    });
  }
  ConvertedNode add() { return elementwise(is_bias() ? Function::bias : Function::add); }
  ConvertedNode multiply() {
    const bool scale = std::any_of(in_.begin(), in_.end(), [](const OnnxTensor* t) { return t && t->is_number(); });
    return elementwise(scale ? Function::scale : Function::multiply);
  }
  ConvertedNode power() {
    const double exponent = has(1) && in_[1]->value && in_[1]->is_number() ? in_[1]->value->number(0) : 0;
    return elementwise(exponent == 2     ? Function::square
                       : exponent == 3   ? Function::cube
                       : exponent == 0.5 ? Function::rsqrt
                                         : Function::exp);
  }
  ConvertedNode gelu() {
    const auto* approximate = find_attribute(*node_.proto, "approximate");
    return elementwise(approximate && approximate->s() == "tanh" ? Function::gelu_tanh : Function::gelu);
  }
  /// Finds the range, then rounds.
  ConvertedNode dynamic_quantisation() {
    result_.operators.push_back(Reduction{1, n_});
    return of(Elementwise{.function = Function::scale, .elements = n_});
  }

  // --- rows

  ConvertedNode softmax() {
    const std::size_t rank = out_->shape.size();
    const bool old = node_.version < 13;
    const std::size_t axis = place_of(attribute(*node_.proto, "axis", old ? 1 : -1), rank);
    const Size columns = old ? product(out_->shape, axis, rank) : axis < rank ? out_->shape[axis] : 1;
    return of(Softmax{n_ / columns, columns});
  }
  ConvertedNode layer_norm() {
    const std::size_t rank = out_->shape.size();
    const Size columns = product(out_->shape, place_of(attribute(*node_.proto, "axis", -1), rank), rank);
    take_learned(1);
    return of(Normalisation{NormKind::layer_norm, n_ / columns, columns});
  }
  ConvertedNode rms_norm() {
    const std::size_t rank = out_->shape.size();
    const Size columns = product(out_->shape, place_of(attribute(*node_.proto, "axis", -1), rank), rank);
    take_learned(1);
    return of(Normalisation{NormKind::rms_norm, n_ / columns, columns});
  }
  ConvertedNode batch_norm() {
    const Size columns = out_->shape.size() > 1 ? out_->shape[1] : 1;
    take_learned(1);
    return of(Normalisation{NormKind::affine, n_ / columns, columns});
  }
  /// Statistics of every channel of every image, then scale and shift.
  ConvertedNode instance_norm() {
    const Size rows = out_->shape.size() > 1 ? out_->shape[0] * out_->shape[1] : 1;
    result_.operators.push_back(Reduction{rows, 2 * n_ / rows});
    return of(Elementwise{.function = Function::scale, .elements = n_, .parameters = take_learned(1)});
  }
  ConvertedNode reduction() { return of(Reduction{n_, std::max<Size>(1, input_elements() / n_)}); }
  ConvertedNode pooling() {
    Size window = 1;
    for (const std::int64_t k : list_attribute(*node_.proto, "kernel_shape")) window *= std::max<Size>(k, 1);
    return of(Reduction{n_, window});
  }

  // --- movement

  ConvertedNode view() { return of(View{}); }
  ConvertedNode copied() {
    if (input_elements() == n_ && is_plain()) return of(View{});
    return of(Copy{.movement = Movement::contiguous, .elements = outputs_});
  }
  /// Whether nothing but dimensions of one changes its place, or everything is taken.
  bool is_plain() const {
    if (node_.proto->op_type() != "Transpose") return node_.proto->op_type() == "Slice";
    const std::vector<Size>& shape = in_[0]->shape;
    std::vector<std::int64_t> order = list_attribute(*node_.proto, "perm");
    for (std::size_t d = shape.size(); order.size() < shape.size();) order.push_back(static_cast<std::int64_t>(--d));
    std::int64_t before = -1;
    for (const std::int64_t d : order) {
      if (d < 0 || static_cast<std::size_t>(d) >= shape.size() || shape[static_cast<std::size_t>(d)] == 1) continue;
      if (d < before) return false;
      before = d;
    }
    return true;
  }
  ConvertedNode concatenate() {
    return of(Copy{.movement = Movement::concatenate, .elements = n_, .parameters = std::min(take_learned(), n_)});
  }
  ConvertedNode expand() {
    if (input_elements() == n_) return of(View{});
    return of(Copy{.movement = Movement::expand, .elements = n_, .source = std::max<Size>(input_elements(), 1)});
  }
  ConvertedNode fill() { return of(Copy{.movement = Movement::fill, .elements = n_}); }
  ConvertedNode scatter() {
    const Size updates = has(2) ? in_[2]->elements() : n_;
    return of(Copy{.movement = Movement::scatter, .elements = std::max<Size>(updates, 1)});
  }
  ConvertedNode gather() {
    const OnnxTensor& table = *in_[0];
    const std::size_t axis = place_of(attribute(*node_.proto, "axis", 0), table.shape.size());
    const bool rows = node_.proto->op_type() == "Gather" && axis == 0 && !table.shape.empty();
    if (!table.learned || !rows || table.shape[0] == 0) return of(Copy{.movement = Movement::gather, .elements = n_});
    take_weights(&table);
    const Size width = table.elements() / table.shape[0];
    return of(Embedding{.lookups = n_ / width, .width = width, .vocabulary = table.shape[0]});
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

  /// One function of each element.
  static const std::unordered_map<std::string, Function>& functions() {
    using enum Function;
    static const std::unordered_map<std::string, Function> all{
        {"Relu", relu},
        {"LeakyRelu", relu},
        {"PRelu", relu},
        {"ThresholdedRelu", relu},
        {"Clip", clamp},
        {"Min", clamp},
        {"Max", clamp},
        {"HardSigmoid", clamp},
        {"HardSwish", clamp},
        {"Neg", scale},
        {"Abs", scale},
        {"Sign", scale},
        {"Floor", scale},
        {"Ceil", scale},
        {"Round", scale},
        {"Reciprocal", scale},
        {"Mean", add},
        {"Mod", multiply},
        {"BitShift", scale},
        {"QuantizeLinear", scale},
        {"DequantizeLinear", scale},
        {"Sqrt", rsqrt},
        {"Exp", exp},
        {"Log", exp},
        {"Sin", exp},
        {"Cos", exp},
        {"Tan", exp},
        {"Asin", exp},
        {"Acos", exp},
        {"Atan", exp},
        {"Sinh", exp},
        {"Cosh", exp},
        {"Asinh", exp},
        {"Acosh", exp},
        {"Atanh", exp},
        {"Erf", tanh},
        {"Tanh", tanh},
        {"Mish", silu},
        {"Swish", silu},

        {"Sigmoid", sigmoid},
        {"Elu", sigmoid},
        {"Selu", sigmoid},
        {"Celu", sigmoid},
        {"Softplus", sigmoid},
        {"Softsign", scale},
        {"Cast", convert},
        {"CastLike", convert},
        {"Where", mask},
        {"Trilu", mask},
        {"Not", compare},
        {"And", compare},
        {"Or", compare},
        {"Xor", compare},
        {"Equal", compare},
        {"Less", compare},
        {"Greater", compare},
        {"LessOrEqual", compare},
        {"IsNaN", compare},
        {"IsInf", compare},
        {"GreaterOrEqual", compare},
        {"CumSum", add},
    };
    return all;
  }

  const OnnxNode& node_;
  const std::vector<const OnnxTensor*>& in_;
  double activation_bytes_;
  const OnnxTensor* out_ = nullptr;
  Size n_ = 0, outputs_ = 0;
  ConvertedNode result_;
};

}  // namespace

ConvertedNode convert_node(const OnnxNode& node, double activation_bytes) {
  return NodeConverter(node, activation_bytes).convert();
}

}  // namespace ridgeline
