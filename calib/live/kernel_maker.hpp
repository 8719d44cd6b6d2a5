// How the kernel of one vertex is made: which libtorch call stands for it, and with which axes. Internal to
// calib/live.
//
// One overload of KernelMaker for each kind of operator of the graph, in three files:
//   kernels.cpp              what computes with many numbers at once: products, convolutions, attention, norms,
//                            softmax, look-ups in tables, Fourier mixing, reductions
//   kernels_movement.cpp     what moves numbers: views, copies, caches, gathers, buffers that are filled
//   kernels_elementwise.cpp  what maps numbers one by one: additions, activations, masks, positions
// Within an overload the label of the vertex, without the numbers at its end, says along which axes it runs and which
// function of its family it is ("bucket log" is an exponential's cost and a logarithm's value). Labels are those of
// model/lowering_*.cpp. A label that no overload knows throws Error; so do operators that only compiled code has
// (fused attention, routing in one kernel) and optimiser steps, which calib/live/execution.cpp makes itself.
//
// Weights are made when the kernel is, so that they are there, and counted, before anything runs. Constants that
// eager code keeps as buffers are made then too and are captured by the kernel.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <memory>
#include <string>

#include "calib/live/kernels.hpp"

namespace ridgeline {

/// Makes the kernel of one vertex.
class KernelMaker {
 public:
  KernelMaker(const OperatorNode& node, std::shared_ptr<PartKernels> part);

  Kernel operator()(const MatMul& op) const;
  Kernel operator()(const BatchedMatMul&) const;
  Kernel operator()(const FusedAttention&) const;
  Kernel operator()(const Routing&) const;
  Kernel operator()(const OptimiserStep&) const;
  Kernel operator()(const Softmax&) const;
  Kernel operator()(const Normalisation& op) const;
  Kernel operator()(const Elementwise& op) const;
  Kernel operator()(const Embedding& op) const;
  Kernel operator()(const FourierMixing&) const;
  Kernel operator()(const DepthwiseConvolution& op) const;
  Kernel operator()(const DynamicConvolution&) const;
  Kernel operator()(const Copy& op) const;
  Kernel operator()(const View& view) const;
  Kernel operator()(const Reduction& op) const;

 private:
  std::string name() const { return part_->name + "." + node_.label; }
  Size past() const { return c_.keys - c_.queries; }
  /// Positions that this attention's cache holds already: a sliding window keeps no more than it sees.
  Size cached_positions() const {
    const Attention& a = *attention();
    if (a.cross) return c_.memory_length * a.memories;
    if (a.window == 0 || past() == 0) return past();
    return std::max(c_.queries, std::min(c_.keys, a.window)) - c_.queries;
  }
  /// A pass that leaves its keys and values behind without copying them.
  bool fills_cache() const { return part_->keeps_cache && c_.cached && (attention()->cross || past() == 0); }
  bool expands() const { return key_heads() < heads(); }

  [[noreturn]] void fused() const;
  [[noreturn]] void unknown() const;

  const Attention* attention() const {
    const auto* sublayer = std::get_if<const Sublayer*>(&part_->part.body);
    return sublayer ? std::get_if<Attention>(&(*sublayer)->body) : nullptr;
  }
  Size heads() const {
    const auto& body = std::get<const Sublayer*>(part_->part.body)->body;
    if (const Attention* a = std::get_if<Attention>(&body)) return a->heads;
    if (const auto* span = std::get_if<SpanConvolutionAttention>(&body)) return span->heads;
    return static_cast<Size>(std::get<MixedAttention>(body).heads.size());
  }
  Size key_heads() const { return attention() ? attention()->key_value_heads : heads(); }
  Size head_dim() const {
    const auto& body = std::get<const Sublayer*>(part_->part.body)->body;
    if (const Attention* a = std::get_if<Attention>(&body)) return a->head_dim;
    if (const auto* span = std::get_if<SpanConvolutionAttention>(&body)) return span->head_dim;
    return std::get<MixedAttention>(body).head_dim;
  }
  bool spans() const {
    return std::holds_alternative<SpanConvolutionAttention>(std::get<const Sublayer*>(part_->part.body)->body);
  }
  bool flat_heads() const { return attention() && attention()->code == AttentionCode::opt; }
  bool in_embeddings() const { return std::holds_alternative<EmbeddingsPart>(part_->part.body); }
  const Embeddings& embeddings() const { return *std::get<EmbeddingsPart>(part_->part.body).embeddings; }
  Size bias_buckets() const { return attention()->position_buckets; }
  /// T5: an encoder's buckets are those of keys behind the query, then those of keys before it.
  Size side_buckets() const { return c_.decoder ? bias_buckets() : bias_buckets() / 2; }
  /// Half of the buckets of a side hold one distance each.
  Size exact_buckets() const { return side_buckets() / 2; }

  Kernel image_patches(const MatMul& op) const;

  /// What of the fused query, key and value the label asks for; other tensors as they are.
  at::Tensor third(const at::Tensor& all) const;
  /// The same by heads: [batch, heads, positions, head_dim].
  Kernel split() const;
  Kernel context() const;
  Kernel scale() const;
  Kernel mask(const Elementwise& op) const;
  Kernel add(const Elementwise& op) const;
  Kernel vector_parameter(const Elementwise& op) const;
  Kernel rows_of_positions() const;

  const OperatorNode& node_;
  std::shared_ptr<PartKernels> part_;
  const SublayerContext& c_;
  std::string label_;
};

}  // namespace ridgeline
