// The backward pass and the optimiser step of a training step, derived from the forward graph by a rule per operator.
//
//   matmul            gradient of the input (a matmul), of the weights (a batched matmul over the rows), of the bias
//   batched matmul    one batched matmul for each operand
//   softmax, norms, activations, attention: one gradient kernel, `backward` in the operator
//   copies            the copy back, or the sum where elements were repeated
//   tensors with several readers: their gradients are added
//
// So the matrix FLOPs of the backward pass are twice the forward pass's for weights and batched products, less the
// input gradients that nobody needs (of the first map, such as image patches).
//
// The forward pass keeps what these rules read (kept_for_backward), the backward pass starts with it as given
// tensors. Activation checkpointing, gradient clipping and distributed training are left out.
#pragma once

#include <vector>

#include "model/lowering.hpp"

namespace ridgeline {

/// Vertices of the forward graph whose results the backward pass reads; views are followed to the tensor they show.
std::vector<OperatorVertex> kept_for_backward(const OperatorGraph& forward);

OperatorGraph backward_graph(const OperatorGraph& forward, const Numerics& numerics);

/// One step for every set of weights.
OperatorGraph optimiser_graph(const OperatorGraph& forward, Optimiser optimiser);

/// Gradients as activations are stored; Adam's two moments in fp32; an fp32 copy where weights have fewer bits.
Bytes optimiser_state(Size parameters, const Workload& workload);

/// Completes a program that has the phase "forward" only.
void add_training(Program& program, const Workload& workload);

}  // namespace ridgeline
