// Executes the one operator graph with libtorch on this machine: what is estimated is what runs.
//
// A model is planned and lowered part by part, exactly as model/lowering.hpp does it, and every vertex of the graph
// becomes one instruction that calls the same ATen operators as the eager code that the vertex stands for: matrix
// products, norms, views, copies, masks that are prepared and never needed. Tensors are freed after their last use.
// The backward pass of a training step is libtorch's own automatic differentiation, the optimiser steps are those of
// torch.optim (one tensor after the other).
//
// Weights and inputs are random, from a seed. What the numbers are has no influence on the time but in two places:
// a router of experts is made to spread tokens evenly, as the graph says; tokens are drawn from the whole vocabulary.
//
// A model that is given by its operators tells their sizes and no axes: each vertex calls an ATen operator that does
// as much work on as many numbers (calib/live/kernels_given.hpp). What such a run computes means nothing.
//
// In bf16 everything is: weights, activations, caches, masks, as after model.to(torch.bfloat16); tables of positions
// are computed in fp32 first. Left out: other formats, training in bf16, block-sparse weights (no kernel in
// libtorch), and graphs that a compiler fused. No libtorch header is needed to use this one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/given_graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

struct ExecutionOptions {
  std::uint64_t seed = 0;
  bool allocates = true;      ///< false: shapes without memory behind them, for counting; run() is impossible then
  bool checks_sizes = false;  ///< run() throws Error where a result has other than the graph's number of elements
};

/// A tensor copied out of libtorch, row-major.
struct HostTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// How long one phase of the workload took, all its repeats together.
struct PhaseTime {
  std::string phase;  ///< as in model/lowering.hpp; "decode" once for all steps
  double seconds = 0;
};

/// How long one operator took at its place in a run: a vertex of the graph of the first phase of that name, as
/// lower() numbers them. What it frees is part of it.
struct OperatorTime {
  std::string phase;
  std::int64_t vertex = 0;
  std::string label;
  double seconds = 0;
};

class Execution {
 public:
  /// Throws as lower() does, and Error for what is left out.
  Execution(const Model& model, const Workload& workload, const ExecutionOptions& options = {});
  ~Execution();
  Execution(Execution&&) noexcept;
  Execution& operator=(Execution&&) noexcept;

  /// The whole workload once: one batch through all phases.
  std::vector<PhaseTime> run();
  /// The first graph of each phase once, with a look at the clock between any two operators, whose own time is taken
  /// off. Caches and memory are in the state in which the operators before leave them. Error in training.
  std::vector<OperatorTime> run_operators();

  /// Learned numbers that were allocated, shared ones once.
  std::int64_t parameters() const;

  /// For comparing with other code. Names: "encoder.LAYER.PART.LABEL.weight" (parts of a layer from 0), ".bias";
  /// "encoder.embeddings.LABEL.weight"; "head.LABEL.weight". Matrices of a linear map are [columns, inner]. Given
  /// operators have all their learned numbers in one vector, "LABEL.weight".
  std::vector<HostTensor> weights() const;
  /// Numbers of the tokens ("encoder.tokens"), or the image ("encoder.image").
  std::vector<HostTensor> inputs() const;
  /// Of the last run: the last phase's last result; the loss in training.
  HostTensor result() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ridgeline
