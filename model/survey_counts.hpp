// FLOPs and memory operations in the counting convention of "Full Stack Optimization of Transformer Inference: a
// Survey" (Kim et al. 2023, arXiv 2302.14017, section 2 and Tables 3, 10, 11; also the co-design half of
// UCB/EECS-2023-92), as an option beside ours. It differs from work() in
//
//   number format     int8: every element is one byte
//   weight products   2·rows·columns·inner, without biases                                (as ours)
//   act-to-act        (2·inner - 1) FLOP for each element of a product                    (ours: 2·inner)
//   decoding          a step at the mean context of half the tokens, once for every token; scores are counted once
//   other             softmax, LayerNorm, GELU, residuals by coefficients of the sublayers' sizes, see below
//   left out          embeddings, pooler and logits, copies
//
// Counts of products come from our lowered operators; only "other" is a closed form. Its coefficients are fitted to
// the printed tables, since the paper does not state them: per layer with width d, length l, h heads
//   encoder   58·d·l + 4·h·l² FLOP,  17·d·l + 2·h·l² bytes          (Tables 3 and 10)
//   decoder   58·d·l + 2·h·l² FLOP,  22·d·l +   h·l² bytes, l steps (Table 11)
#pragma once

#include "model/architecture.hpp"

namespace ridgeline {

struct SurveyCount {
  double flops = 0;
  double bytes = 0;  ///< "MOPs"
  double arithmetic_intensity() const { return flops / bytes; }
  SurveyCount operator+(const SurveyCount& b) const { return {flops + b.flops, bytes + b.bytes}; }
};

struct SurveyCounts {
  SurveyCount projections;  ///< query, key, value and output maps
  SurveyCount act_to_act;   ///< query × key and attention × value
  SurveyCount feed_forward;
  SurveyCount other;
  SurveyCount total() const { return projections + act_to_act + feed_forward + other; }
};

/// One encoder pass over `length` tokens (for decoders: a pass over all tokens at once).
SurveyCounts survey_pass(const Architecture& architecture, Size length);
/// Generation of `tokens` tokens one by one. Throws Error for encoder-only models.
SurveyCounts survey_generation(const Architecture& architecture, Size tokens);

}  // namespace ridgeline
