// Matrix products and convolutions as operators, whichever file they come from.
//
// A product with a learned operand is a MatMul, one of two activations a BatchedMatMul. A convolution is the product
// of its unfolded input with its kernels, so that its FLOPs and weights are exact and its input counts as often as
// the kernels overlap; a depthwise one is a DepthwiseConvolution.
#pragma once

#include <optional>
#include <string>

#include "model/conversion/source.hpp"

namespace ridgeline {

// Each is empty where the operands are no such product. `out` is the result.

/// Of the last two dimensions, the others broadcast.
std::optional<ConvertedNode> convert_matmul(const SourceTensor& left, const SourceTensor& right,
                                            const SourceTensor& out);

/// left (rows × inner, the other way round if turned) · right (inner × columns, likewise), plus a bias.
struct MatrixProduct {
  const SourceTensor& left;
  const SourceTensor& right;
  bool turned_left = false, turned_right = false, bias = false;
};
std::optional<ConvertedNode> convert_matrices(const MatrixProduct& product);

/// Input and result: images × channels × positions; kernels: channels out × in, one group's × window (in × out where
/// `transposed`).
struct Convolution {
  const SourceTensor& input;
  const SourceTensor& kernels;
  const SourceTensor& out;
  Size groups = 1;
  bool bias = false, transposed = false;
};
std::optional<ConvertedNode> convert_convolution(const Convolution& convolution);

/// "bhqd,bhkd->bhqk" and the like: letters in both operands and the result are the batch, in both operands alone the
/// inner dimension.
std::optional<ConvertedNode> convert_einsum(std::string equation, const SourceTensor& left,
                                            const SourceTensor& right);

}  // namespace ridgeline
