// Kernels of models that are given by their operators (model/given_graph.hpp). Internal to calib/live.
//
// Each operator of a kind is one call of the ATen operator that does its work, as far as kind and sizes tell it:
//   matmul                  linear; of groups bmm. A convolution comes as the product of the unfolded input, which
//                           then is read as it is: unfolded
//   batched_matmul          bmm
//   fused_attention         _scaled_dot_product_attention; libtorch 1.13 computes it in several steps inside
//   softmax, normalisation  softmax; layer_norm (rms_norm: without a bias), addcmul (affine)
//   elementwise             the function; of two operands add, mul, where, minimum or maximum; of three addcmul
//   embedding               embedding of rows drawn from the whole table
//   fourier_mixing          fft_fft2 and its real part; the cosine transform rotates the result first
//   depthwise_convolution   conv1d over all positions in a row
//   dynamic_convolution     bmm
//   copy, unknown           clone, cat, or copying a repeated tensor: as many numbers are read and written, in order.
//                           What is read and not written goes into a sum
//   view                    view
//   reduction               mean
//   routing                 softmax, topk
// All numbers are floating-point ones, in the format of the run. Functions that map one number stand for their family
// (`exp` for a logarithm): values mean nothing. Constants keep them from growing or vanishing: one scales by 1, one
// adds 0.
//
// Where calib/live/given_operands.hpp finds no producer of an operand's size, the operator reads a buffer.
#pragma once

#include <vector>

#include "calib/live/kernels.hpp"
#include "model/graph.hpp"

namespace ridgeline {

/// By vertex; empty for tensors that exist before. Operators with the same set of weights read parts of one vector,
/// which is as long as the longest needs. Throws Error, with the operator's name, for what libtorch has no kernel
/// for.
std::vector<Kernel> given_kernels(const OperatorGraph& graph, Tensors& tensors);

}  // namespace ridgeline
