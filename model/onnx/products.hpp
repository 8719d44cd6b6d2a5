// Matrix products and convolutions among the nodes of an ONNX graph.
//
// A product with a learned operand is a MatMul, one of two activations a BatchedMatMul. A convolution is the product
// of its unfolded input with its kernels, so that its FLOPs and weights are exact and its input counts as often as
// the kernels overlap; a depthwise one is a DepthwiseConvolution.
#pragma once

#include <optional>
#include <vector>

#include "model/onnx/shapes.hpp"

namespace ridgeline {

struct ConvertedProduct {
  std::vector<Operator> operators;
  const OnnxTensor* weights = nullptr;
  bool integer = false;  ///< of 8-bit integers
};

/// Nothing for other nodes, and for an Einsum that is no product of two matrices.
std::optional<ConvertedProduct> convert_product(const OnnxNode& node);

}  // namespace ridgeline
