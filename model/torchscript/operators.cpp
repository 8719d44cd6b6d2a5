#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "model/torchscript/convert.hpp"
#include "model/torchscript/functions.hpp"
#include "model/torchscript/fused.hpp"
#include "model/torchscript/products.hpp"

namespace ridgeline {
namespace {

using Shape = std::vector<Size>;

Size product(const Shape& shape, std::size_t first = 0) {
  Size n = 1;
  for (std::size_t d = first; d < shape.size(); ++d) n *= shape[d];
  return n;
}

/// Learned numbers: whole numbers are indices and positions, single ones are scales.
Size learned_numbers(const SourceTensor* tensor) {
  return tensor && tensor->learned && tensor->stored && !tensor->is_number() ? tensor->elements() : 0;
}

class CallConverter {
 public:
  CallConverter(const TapeCall& call, double activation_bytes)
      : call_(call), op_(call.plain_name()), activation_bytes_(activation_bytes) {
    for (const SourceTensor* output : call.outputs) outputs_ += output->elements();
  }

  ConvertedNode convert() {
    if (call_.outputs.empty() || outputs_ == 0 || call_.only_views) return of(View{});
    out_ = call_.outputs.front();
    n_ = out_->elements();
    if (auto product = convert_product(call_)) return *std::move(product);
    if (auto fused = convert_fused(call_)) return *std::move(fused);
    if (const auto found = rules().find(op_); found != rules().end()) return (this->*found->second)();
    if (const auto function = function_of(op_)) return elementwise(*function);
    return unknown();
  }

 private:
  using Rule = ConvertedNode (CallConverter::*)();

  const SourceTensor* first() const { return call_.inputs.empty() ? nullptr : call_.inputs.front(); }
  Size input_elements() const { return first() ? first()->elements() : 0; }

  // --- results

  ConvertedNode of(const Operator& op) {
    result_.operators.push_back(op);
    return std::move(result_);
  }
  /// The largest learned input is the weights of the call.
  Size take_learned(const SourceTensor* except = nullptr) {
    Size all = 0;
    for (const SourceTensor* input : call_.inputs) {
      const Size own = input == except ? 0 : learned_numbers(input);
      all += own;
      if (own > 0 && (!result_.weights || own > result_.weights->elements())) result_.weights = input;
    }
    return all;
  }

  ConvertedNode unknown() {
    double read = 0, written = 0;
    for (const SourceTensor* input : call_.inputs)
      if (!input->known) read += input->element_bytes * static_cast<double>(input->elements());
    for (const SourceTensor* output : call_.outputs)
      written += output->element_bytes * static_cast<double>(output->elements());
    const auto elements = [&](double bytes) { return static_cast<Size>(std::ceil(bytes / activation_bytes_)); };
    result_ = {};
    result_.unknown = call_.op;
    return of(Copy{.movement = Movement::unknown,
                   .elements = elements(written),
                   .parameters = take_learned(),
                   .source = elements(read)});
  }

  // --- element by element

  ConvertedNode elementwise(Function function) {
    Size full = 0;
    for (const SourceTensor* input : call_.inputs) full += !input->known && input->elements() == n_ ? 1 : 0;
    return of(Elementwise{.function = function,
                          .elements = n_,
                          .operands = static_cast<int>(std::max<Size>(full, 1)),
                          .parameters = take_learned()});
  }
  ConvertedNode add() {
    const Size last = out_->shape.empty() ? 1 : out_->shape.back();
    const bool bias = std::any_of(call_.inputs.begin(), call_.inputs.end(), [&](const SourceTensor* t) {
      return learned_numbers(t) == last && t->elements() < n_ && t->shape.back() == last;
    });
    return elementwise(bias ? Function::bias : Function::add);
  }
  ConvertedNode multiply() {
    const bool scale = !call_.tensor("other") || std::any_of(call_.inputs.begin(), call_.inputs.end(),
                                                             [](const SourceTensor* t) { return t->is_number(); });
    return elementwise(scale ? Function::scale : Function::multiply);
  }
  ConvertedNode power() {
    const double exponent = call_.tensor("exponent") ? 0 : call_.real("exponent", 0);
    return elementwise(exponent == 2               ? Function::square
                       : exponent == 3             ? Function::cube
                       : std::abs(exponent) == 0.5 ? Function::rsqrt
                                                   : Function::exp);
  }
  ConvertedNode gelu() {
    const auto* approximate = call_.argument<std::string>("approximate");
    return elementwise(approximate && *approximate == "tanh" ? Function::gelu_tanh : Function::gelu);
  }
  ConvertedNode gated() {
    result_.operators.push_back(Elementwise{.function = Function::sigmoid, .elements = n_});
    return of(Elementwise{.function = Function::multiply, .elements = n_, .operands = 2});
  }
  ConvertedNode add_product() {
    result_.operators.push_back(Elementwise{.function = Function::multiply, .elements = n_, .operands = 2});
    return of(Elementwise{.function = Function::add, .elements = n_, .operands = 2, .parameters = take_learned()});
  }
  /// Of two tensors the larger numbers, else of one along a dimension.
  ConvertedNode extreme() { return call_.tensor("other") ? elementwise(Function::clamp) : reduction(); }

  // --- rows

  ConvertedNode softmax() {
    if (out_->shape.empty()) return of(Softmax{1, 1});
    const auto rank = static_cast<Size>(out_->shape.size());
    const Size dim = call_.number("dim", -1), place = std::clamp<Size>(dim < 0 ? dim + rank : dim, 0, rank - 1);
    const Size columns = out_->shape[static_cast<std::size_t>(place)];
    return of(Softmax{n_ / columns, columns});
  }
  ConvertedNode layer_norm() {
    const auto* shape = call_.argument<std::vector<std::int64_t>>("normalized_shape");
    const Size columns = shape                 ? product({shape->begin(), shape->end()})
                         : out_->shape.empty() ? 1
                                               : out_->shape.back();
    if (!call_.tensor("weight")) return statistics(n_ / columns);
    take_learned(first());
    const NormKind kind = op_.find("rms") == std::string::npos ? NormKind::layer_norm : NormKind::rms_norm;
    return of(Normalisation{kind, n_ / columns, columns});
  }
  ConvertedNode batch_norm() {
    const Size columns = out_->shape.size() > 1 ? out_->shape[1] : 1;
    if (!call_.tensor("weight")) return elementwise(Function::scale);
    take_learned(first());
    return of(Normalisation{NormKind::affine, n_ / columns, columns});
  }
  ConvertedNode group_norm() {
    const Size images = out_->shape.empty() ? 1 : out_->shape[0];
    const Size channels = out_->shape.size() > 1 ? out_->shape[1] : 1;
    return statistics(images * call_.number("num_groups", channels));
  }
  /// Mean and variance of every row, then scale and shift.
  ConvertedNode statistics(Size rows) {
    result_.operators.push_back(Reduction{rows, 2 * n_ / rows});
    return of(Elementwise{.function = Function::scale, .elements = n_, .parameters = take_learned(first())});
  }
  ConvertedNode reduction() { return of(Reduction{n_, std::max<Size>(1, input_elements() / n_)}); }
  ConvertedNode pooling() {
    const auto* sizes = call_.argument<std::vector<std::int64_t>>("kernel_size");
    if (!sizes || sizes->empty()) return unknown();
    Size window = product({sizes->begin(), sizes->end()});
    if (sizes->size() == 1 && op_.find("2d") != std::string::npos) window *= sizes->front();
    return of(Reduction{n_, std::max<Size>(window, 1)});
  }

  // --- movement

  ConvertedNode moved(Movement movement) { return of(Copy{.movement = movement, .elements = outputs_}); }
  ConvertedNode copied() { return moved(Movement::contiguous); }
  ConvertedNode filled() { return moved(Movement::fill); }
  ConvertedNode converted() {
    return first() && (first()->format != out_->format || first()->element_bytes != out_->element_bytes)
               ? elementwise(Function::convert)
               : copied();
  }
  ConvertedNode concatenated() {
    return of(Copy{.movement = Movement::concatenate, .elements = n_, .parameters = std::min(take_learned(), n_)});
  }
  ConvertedNode repeated() {
    return of(Copy{.movement = Movement::expand, .elements = n_, .source = std::max<Size>(input_elements(), 1)});
  }
  ConvertedNode scattered() {
    Size updates = n_;
    for (const char* name : {"src", "values", "source"})
      if (const SourceTensor* t = call_.tensor(name)) updates = t->elements();
    return of(Copy{.movement = Movement::scatter, .elements = std::max<Size>(updates, 1)});
  }
  /// Rows of a learned table are looked up.
  ConvertedNode gathered() {
    const SourceTensor* table = call_.tensor("weight") ? call_.tensor("weight") : call_.tensor("self");
    const bool rows = op_ != "gather" && op_ != "take" && call_.number("dim", 0) == 0;
    if (!table || !table->learned || !table->stored || !rows || table->shape.size() < 2 || table->elements() == 0)
      return moved(Movement::gather);
    const Size width = table->elements() / table->shape[0];
    if (n_ % width != 0) return moved(Movement::gather);
    result_.weights = table;
    return of(Embedding{.lookups = n_ / width, .width = width, .vocabulary = table->shape[0]});
  }

  static const std::unordered_map<std::string, Rule>& rules();

  const TapeCall& call_;
  std::string op_;
  double activation_bytes_;
  const SourceTensor* out_ = nullptr;
  Size n_ = 0, outputs_ = 0;
  ConvertedNode result_;
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
