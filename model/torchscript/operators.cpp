#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "model/conversion/node_maker.hpp"
#include "model/torchscript/convert.hpp"
#include "model/torchscript/functions.hpp"
#include "model/torchscript/fused.hpp"
#include "model/torchscript/products.hpp"

namespace ridgeline {
namespace {

Size product(const std::vector<Size>& shape) {
  Size n = 1;
  for (const Size d : shape) n *= d;
  return n;
}

class CallConverter {
 public:
  CallConverter(const TapeCall& call, double activation_bytes)
      : call_(call), op_(call.plain_name()), make_(call.inputs, call.outputs, activation_bytes) {}

  ConvertedNode convert() {
    if (elements() == 0 || call_.only_views) return make_.of(View{});
    if (auto product = convert_product(call_)) return *std::move(product);
    if (auto fused = convert_fused(call_)) return *std::move(fused);
    if (const auto found = rules().find(op_); found != rules().end()) return (this->*found->second)();
    if (const auto function = aten_function(op_)) return make_.elementwise(*function);
    return make_.unknown(call_.op);
  }

 private:
  using Rule = ConvertedNode (CallConverter::*)();

  const std::vector<Size>& shape() const { return make_.out()->shape; }
  Size elements() const { return make_.elements(); }
  Size last() const { return shape().empty() ? 1 : shape().back(); }
  Size channels() const { return shape().size() > 1 ? shape()[1] : 1; }

  // --- element by element

  ConvertedNode add() { return make_.add(); }
  ConvertedNode multiply() {
    const bool scale = !call_.tensor("other") || std::any_of(call_.inputs.begin(), call_.inputs.end(),
                                                             [](const SourceTensor* t) { return t->is_number(); });
    return make_.elementwise(scale ? Function::scale : Function::multiply);
  }
  ConvertedNode power() {
    const double exponent = call_.tensor("exponent") ? 0 : call_.real("exponent", 0);
    return make_.elementwise(exponent == 2               ? Function::square
                             : exponent == 3             ? Function::cube
                             : std::abs(exponent) == 0.5 ? Function::rsqrt
                                                         : Function::exp);
  }
  ConvertedNode gelu() {
    const auto* approximate = call_.argument<std::string>("approximate");
    return make_.elementwise(approximate && *approximate == "tanh" ? Function::gelu_tanh : Function::gelu);
  }
  ConvertedNode gated() {
    make_.before(Elementwise{.function = Function::sigmoid, .elements = elements()});
    return make_.of(Elementwise{.function = Function::multiply, .elements = elements(), .operands = 2});
  }
  ConvertedNode add_product() {
    make_.before(Elementwise{.function = Function::multiply, .elements = elements(), .operands = 2});
    return make_.of(Elementwise{
        .function = Function::add, .elements = elements(), .operands = 2, .parameters = make_.take_learned()});
  }
  /// Of two tensors the larger numbers, else of one along a dimension.
  ConvertedNode extreme() { return call_.tensor("other") ? make_.elementwise(Function::clamp) : reduction(); }

  // --- rows

  ConvertedNode softmax() {
    if (shape().empty()) return make_.of(Softmax{1, 1});
    const auto rank = static_cast<Size>(shape().size());
    const Size dim = call_.number("dim", -1), place = std::clamp<Size>(dim < 0 ? dim + rank : dim, 0, rank - 1);
    const Size columns = shape()[static_cast<std::size_t>(place)];
    return make_.of(Softmax{elements() / columns, columns});
  }
  ConvertedNode layer_norm() {
    const auto* normalised = call_.argument<std::vector<std::int64_t>>("normalized_shape");
    const Size columns = normalised ? product({normalised->begin(), normalised->end()}) : last();
    if (!call_.tensor("weight")) return make_.statistics(elements() / columns);
    const bool rms = op_.find("rms") != std::string::npos;
    return make_.normalised(rms ? NormKind::rms_norm : NormKind::layer_norm, columns);
  }
  ConvertedNode batch_norm() {
    if (!call_.tensor("weight")) return make_.elementwise(Function::scale);
    return make_.normalised(NormKind::affine, channels());
  }
  ConvertedNode group_norm() {
    const Size images = shape().empty() ? 1 : shape()[0];
    return make_.statistics(images * call_.number("num_groups", channels()));
  }
  ConvertedNode reduction() { return make_.reduction(); }
  ConvertedNode pooling() {
    const auto* sizes = call_.argument<std::vector<std::int64_t>>("kernel_size");
    if (!sizes || sizes->empty()) return make_.unknown(call_.op);
    Size window = product({sizes->begin(), sizes->end()});
    if (sizes->size() == 1 && op_.find("2d") != std::string::npos) window *= sizes->front();
    return make_.of(Reduction{elements(), std::max<Size>(window, 1)});
  }

  // --- movement

  ConvertedNode copied() { return make_.moved(Movement::contiguous); }
  ConvertedNode filled() { return make_.moved(Movement::fill); }
  ConvertedNode converted() {
    const SourceTensor *from = make_.input(0), *to = make_.out();
    const bool other = from && (from->format != to->format || from->element_bytes != to->element_bytes);
    return other ? make_.elementwise(Function::convert) : copied();
  }
  ConvertedNode concatenated() { return make_.concatenated(); }
  ConvertedNode repeated() { return make_.repeated(); }
  ConvertedNode scattered() {
    const SourceTensor* updates = nullptr;
    for (const char* name : {"src", "values", "source"})
      if (const SourceTensor* t = call_.tensor(name)) updates = t;
    return make_.scattered(updates);
  }
  /// Rows of a learned table are looked up.
  ConvertedNode gathered() {
    const SourceTensor* table = call_.tensor("weight") ? call_.tensor("weight") : call_.tensor("self");
    const bool rows = op_ != "gather" && op_ != "take" && call_.number("dim", 0) == 0;
    if (!table || !table->learned || !table->stored || !rows || table->shape.size() < 2 || table->elements() == 0 ||
        elements() % (table->elements() / table->shape[0]) != 0)
      return make_.moved(Movement::gather);
    return make_.looked_up(*table);
  }

  static const std::unordered_map<std::string, Rule>& rules();

  const TapeCall& call_;
  std::string op_;
  NodeMaker make_;
};

const std::unordered_map<std::string, CallConverter::Rule>& CallConverter::rules() {
  using C = CallConverter;
  static const std::unordered_map<std::string, Rule> all = [] {
    std::unordered_map<std::string, Rule> table;
    const auto put = [&](Rule rule, std::initializer_list<const char*> names) {
      for (const char* name : names) table.emplace(name, rule);
    };
    put(&C::add, {"add", "sub"});
    put(&C::multiply, {"mul", "div"});
    put(&C::power, {"pow"});
    put(&C::gelu, {"gelu"});
    put(&C::gated, {"glu"});
    put(&C::add_product, {"addcmul", "addcdiv"});
    put(&C::extreme, {"max", "min"});
    put(&C::softmax, {"softmax", "_softmax", "log_softmax", "_log_softmax"});
    put(&C::layer_norm, {"layer_norm", "native_layer_norm", "rms_norm"});
    put(&C::batch_norm, {"batch_norm", "native_batch_norm"});
    put(&C::group_norm, {"group_norm", "instance_norm"});
    put(&C::reduction, {"mean", "sum", "amax", "amin", "prod", "norm", "linalg_vector_norm", "var", "std", "argmax",
                        "argmin", "logsumexp", "any", "all", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
                        "adaptive_max_pool1d", "adaptive_max_pool2d"});
    put(&C::pooling, {"max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d"});
    put(&C::copied, {"contiguous", "clone", "reshape", "flatten", "copy", "roll", "flip", "chunk", "split",
                     "pixel_shuffle", "pixel_unshuffle"});
    put(&C::converted, {"to", "type_as", "_to_copy"});
    put(&C::filled,
        {"zeros",     "ones",      "full",       "empty",     "arange",    "eye",        "rand",      "randn",
         "randint",   "bernoulli", "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like",
         "new_zeros", "new_ones",  "new_full",   "new_empty", "one_hot",   "fill",       "zero",      "linspace"});
    put(&C::concatenated, {"cat", "stack", "hstack", "vstack", "concat"});
    put(&C::repeated,
        {"repeat", "expand", "expand_as", "tile", "repeat_interleave", "pad", "constant_pad_nd", "reflection_pad1d",
         "reflection_pad2d", "replication_pad1d", "replication_pad2d", "upsample_nearest1d", "upsample_nearest2d"});
    put(&C::scattered,
        {"scatter", "scatter_add", "index_put", "_index_put_impl", "index_add", "index_copy", "masked_scatter"});
    put(&C::gathered, {"embedding", "index_select", "index", "gather", "take"});
    return table;
  }();
  return all;
}

}  // namespace

ConvertedNode convert_call(const TapeCall& call, double activation_bytes) {
  return CallConverter(call, activation_bytes).convert();
}

}  // namespace ridgeline
