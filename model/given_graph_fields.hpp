// The keys of each kind of operator in files of operator graphs: reading and writing visit the same lists.
//
// A visitor has size(key, value[, default]) for dimensions, which are multiplied with one another, count(key, value[,
// default]) for sizes that stand alone, flag(key, value, default), share(key, value) and word(key, kind, table,
// value).
#pragma once

#include <array>
#include <string_view>

#include "model/operators.hpp"
#include "model/ridgeline_names.hpp"

namespace ridgeline {

inline constexpr NameTable<Function, kFunctionCount - 1> kFunctionNames{{{"add", Function::add},
                                                                         {"multiply", Function::multiply},
                                                                         {"scale", Function::scale},
                                                                         {"mask", Function::mask},
                                                                         {"relu", Function::relu},
                                                                         {"gelu", Function::gelu},
                                                                         {"gelu_tanh", Function::gelu_tanh},
                                                                         {"silu", Function::silu},
                                                                         {"tanh", Function::tanh},
                                                                         {"sigmoid", Function::sigmoid},
                                                                         {"exp", Function::exp},
                                                                         {"bias", Function::bias},
                                                                         {"convert", Function::convert},
                                                                         {"square", Function::square},
                                                                         {"cube", Function::cube},
                                                                         {"rsqrt", Function::rsqrt},
                                                                         {"clamp", Function::clamp},
                                                                         {"compare", Function::compare}}};
inline constexpr NameTable<Movement, 7> kMovementNames{{{"contiguous", Movement::contiguous},
                                                        {"concatenate", Movement::concatenate},
                                                        {"gather", Movement::gather},
                                                        {"scatter", Movement::scatter},
                                                        {"expand", Movement::expand},
                                                        {"unfold", Movement::unfold},
                                                        {"fill", Movement::fill}}};

/// Visits the keys of a kind. The operator's values are read or written through references.
template <class Visitor>
struct GivenFields {
  Visitor& v;

  void operator()(MatMul& o) {
    v.size("rows", o.rows), v.size("columns", o.columns), v.size("inner", o.inner);
    v.size("groups", o.groups, 1);
    v.flag("bias", o.bias, true);
    v.share("density", o.density);
  }
  void operator()(BatchedMatMul& o) {
    v.size("batch", o.batch), v.size("rows", o.rows), v.size("columns", o.columns), v.size("inner", o.inner);
    v.count("second_operands", o.second_operands, 0);
  }
  void operator()(FusedAttention& o) {
    v.size("batch", o.batch), v.size("heads", o.heads), v.size("queries", o.queries), v.size("keys", o.keys);
    v.size("head_dim", o.head_dim);
    v.count("key_value_heads", o.key_value_heads), v.count("window", o.window, 0);
    v.flag("causal", o.causal, false);
  }
  void operator()(Softmax& o) { v.size("rows", o.rows), v.size("columns", o.columns); }
  void operator()(Normalisation& o) {
    v.word("norm", "norm", kNormNames, o.kind);
    v.size("rows", o.rows), v.size("columns", o.columns);
  }
  void operator()(Elementwise& o) {
    v.word("function", "function", kFunctionNames, o.function);
    v.count("elements", o.elements);
    Size operands = o.operands;
    v.count("operands", operands, 1);
    o.operands = static_cast<int>(operands);
    v.count("parameters", o.parameters, 0);
  }
  void operator()(Embedding& o) {
    v.size("lookups", o.lookups), v.size("width", o.width), v.size("vocabulary", o.vocabulary);
  }
  void operator()(FourierMixing& o) {
    v.word("transform", "transform", kTransformNames, o.transform);
    v.size("batch", o.batch), v.size("rows", o.rows), v.size("columns", o.columns);
  }
  void operator()(DepthwiseConvolution& o) {
    v.size("batch", o.batch), v.size("length", o.length), v.size("channels", o.channels), v.size("kernel", o.kernel);
    v.flag("bias", o.bias, false);
  }
  void operator()(DynamicConvolution& o) {
    v.size("batch", o.batch), v.size("length", o.length), v.size("channels", o.channels), v.size("kernel", o.kernel);
    v.count("groups", o.groups);
  }
  void operator()(Copy& o) {
    v.word("movement", "movement", kMovementNames, o.movement);
    v.count("elements", o.elements);
    v.count("parameters", o.parameters, 0), v.count("source", o.source, 0);
  }
  void operator()(View& o) {
    Size operations = o.operations;
    v.count("operations", operations, 1);
    o.operations = static_cast<int>(operations);
  }
  void operator()(Reduction& o) { v.size("rows", o.rows), v.size("columns", o.columns); }
  void operator()(Routing& o) {
    v.size("tokens", o.tokens), v.size("experts", o.experts), v.count("chosen", o.chosen);
  }
  void operator()(OptimiserStep&) {}
};

/// An unknown operator's numbers of elements, in the format of activations; its weights in that of weights.
template <class Visitor>
void unknown_fields(Visitor& v, Copy& o) {
  v.count("read", o.source, 0), v.count("written", o.elements, 0), v.count("parameters", o.parameters, 0);
}

/// Names of kinds in files, with an operator of the kind to fill in.
struct GivenKind {
  std::string_view name;
  Operator empty;
};
inline const std::array kGivenKinds{
    GivenKind{"matmul", MatMul{}},
    GivenKind{"batched_matmul", BatchedMatMul{}},
    GivenKind{"fused_attention", FusedAttention{}},
    GivenKind{"softmax", Softmax{}},
    GivenKind{"normalisation", Normalisation{}},
    GivenKind{"elementwise", Elementwise{}},
    GivenKind{"embedding", Embedding{}},
    GivenKind{"fourier_mixing", FourierMixing{}},
    GivenKind{"depthwise_convolution", DepthwiseConvolution{}},
    GivenKind{"dynamic_convolution", DynamicConvolution{}},
    GivenKind{"copy", Copy{}},
    GivenKind{"view", View{}},
    GivenKind{"reduction", Reduction{}},
    GivenKind{"routing", Routing{}},
};
inline constexpr std::string_view kUnknownKind = "unknown";

}  // namespace ridgeline
