// What each kind of sublayer body is lowered to. Internal to the room: users go through lowering_parts.hpp.
#pragma once

#include "model/fusion.hpp"

namespace ridgeline {

/// Each reads node `input` (normalised already where the norm stands before) and returns the body's result, before
/// the residual addition.
std::int32_t lower_attention(Emitter& emit, const Attention& attention, NormKind norm, std::int32_t input,
                             Values& values);
std::int32_t lower_mixed_attention(Emitter& emit, const MixedAttention& attention, std::int32_t input,
                                   const Values& values);
std::int32_t lower_span_convolution(Emitter& emit, const SpanConvolutionAttention& attention, std::int32_t input,
                                    const Values& values);
std::int32_t lower_fourier(Emitter& emit, const FourierSublayer& fourier, std::int32_t input);
std::int32_t lower_feed_forward(Emitter& emit, const FeedForward& feed_forward, std::int32_t input);

/// Relative keys (Shaw et al. 2018): scores plus query · table[distance], 2·n·L²·d FLOP for n heads.
std::int32_t add_relative_keys(Emitter& emit, Size heads, Size head_dim, Size buckets, std::int32_t query,
                               std::int32_t scores);
/// T5's bias per head and distance bucket (Raffel et al. 2020), with the mask added, for all layers of a stack.
std::int32_t bucket_bias(Emitter& emit, Size heads, Size buckets, std::int32_t mask);
/// Rotates pairs of features by an angle that grows with the position (Su et al. 2021).
std::int32_t rotate(Emitter& emit, Size elements, std::string_view label, std::int32_t input);

/// One FusedAttention, which needs no prepared mask: padding and causality are arguments of the kernel.
bool is_flash(const Attention& attention, Fusion fusion);
bool is_flash(const SpanConvolutionAttention& attention, Fusion fusion);

/// The values that a part reads besides hidden.
ValueSet values_read(const Part& part, const Workload& workload);

void lower_embeddings(Emitter& emit, const EmbeddingsPart& part, Values& values);
std::int32_t lower_head(Emitter& emit, const HeadPart& part, std::int32_t input);

/// Numbers of weight sets that do not depend on the layer: token tables and what stands beside them.
inline constexpr std::int32_t kTokenTable = 0;
inline constexpr std::int32_t kDecoderTokenTable = 1;
inline constexpr std::int32_t kEmbeddingWeights = 2;
inline constexpr std::int32_t kDecoderEmbeddingWeights = 32;
inline constexpr std::int32_t kLayerWeights = 1 << 12;  ///< the first of a layer; each part has as many to itself

}  // namespace ridgeline
