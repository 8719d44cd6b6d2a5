// HAT's elastic encoder-decoder (Wang et al., "HAT: Hardware-Aware Transformers", ACL 2020), as a list of choices.
//
// Post-norm layers with ReLU; inner size of every attention 512 whatever the number of heads ("qkv-dim" in
// configs/*/supertransformer/space*.yml); a decoder layer attends to the last one, two or three encoder layers, put
// one behind the other. Embeddings are shared and scaled, positions are computed, the output is tied. Where the
// widths differ, encoder and decoder use slices of one table, and are counted here as a table each.
#pragma once

#include <string>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline {

inline constexpr Size kHatAttentionSize = 512;
/// The joined dictionary of WMT'16 En-De: `--nwordssrc 32768 --nwordstgt 32768 --joined-dictionary`
/// (configs/wmt14.en-de/preprocess.sh, after fairseq's examples/scaling_nmt).
inline constexpr Size kHatVocabulary = 32768;
inline constexpr Size kHatPositions = 1024;  // DEFAULT_MAX_SOURCE_POSITIONS, fairseq/models/transformer_super.py

/// One entry a layer; the lists of a stack have equal lengths.
struct HatDesign {
  Size encoder_width = 512;
  Size decoder_width = 512;
  std::vector<Size> encoder_hidden, encoder_heads;
  std::vector<Size> decoder_hidden, decoder_heads, cross_heads;
  std::vector<Size> memories;  ///< encoder layers attended to: 1, 2, 3
  Size vocabulary = kHatVocabulary;
};

Architecture hat_architecture(const HatDesign& design, std::string name);

}  // namespace ridgeline
