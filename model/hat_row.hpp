// A row of HAT's latency files, turned back into an architecture.
//
// The files (latency_dataset/*.csv of mit-han-lab/hardware-aware-transformers) keep only means over the layers. A
// mean over n layers of choices c_1 > c_2 > ... leaves few multisets open; taken is the one that uniform sampling
// makes most likely, that is the one with the most orders n!/(k_1! k_2! ...); of equally likely ones the one with
// more of the larger choices. Layers are then ordered from the largest choice to the smallest. FLOPs of the
// projections and feed-forwards depend on the sum alone, so only what depends on heads one by one remains a guess.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "model/hat.hpp"

namespace ridgeline {

/// The ten columns that describe the model, by their names in the files.
struct HatRow {
  double encoder_embed_dim = 0;
  double encoder_layer_num = 0;
  double encoder_ffn_embed_dim_avg = 0;
  double encoder_self_attention_heads_avg = 0;
  double decoder_embed_dim = 0;
  double decoder_layer_num = 0;
  double decoder_ffn_embed_dim_avg = 0;
  double decoder_self_attention_heads_avg = 0;
  double decoder_ende_attention_heads_avg = 0;
  double decoder_arbitrary_ende_attn_avg = 0;  ///< mean number of encoder layers attended to: 1, 2, 3 for -1, 1, 2
};

/// Choices that the rows were sampled from (configs/wmt14.en-de/latency_dataset/*.yml); the search space proper has
/// neither 512 nor 2 heads.
struct HatRowChoices {
  std::vector<Size> hidden{3072, 2048, 1024, 512};
  std::vector<Size> heads{8, 4, 2};
  std::vector<Size> memories{3, 2, 1};
};

/// The most likely multiset of `layers` choices with the given mean, largest first; empty when there is none (the
/// mean must be met to 1e-6 of the largest choice). `choices` from large to small.
std::vector<Size> most_likely_choices(double mean, Size layers, std::span<const Size> choices);

/// Throws Error naming the column that no multiset of choices explains.
Architecture hat_row_architecture(const HatRow& row, std::string name, const HatRowChoices& choices = {});

}  // namespace ridgeline
