// A transformer as its designers describe it: layers of sublayers, each layer free to differ from the next.
//
// One type for encoders, decoders and encoder-decoders; rich enough for FlexiBERT's mixed heads, HAT's elastic
// encoder-decoders, MobileBERT's bottlenecks, mixtures of experts, low-rank and block-sparse weights.
// model/lowering.hpp turns it into operators for one workload.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/operators.hpp"

namespace ridgeline {

/// How a weight matrix is stored; applies to every linear map of the sublayer that holds it.
struct WeightForm {
  Size rank = 0;       ///< 0: full; r: two factors [in × r] and [r × out]
  double density = 1;  ///< block-sparse: share of blocks kept, (0, 1]
  Size groups = 1;     ///< grouped linear map (SqueezeBERT, ConvBERT)
  bool bias = true;
  friend bool operator==(const WeightForm&, const WeightForm&) = default;
};

enum class Position { none, relative_key, bucket_bias, rotary };
// relative_key: a learned vector per distance multiplies the query (FlexiBERT; Shaw et al. 2018)
// bucket_bias: a learned bias per head and distance bucket is added to the scores (T5), owned by the first layer
// rotary: queries and keys are rotated (Su et al. 2021)

/// Whose eager code is dispatched: the same mathematics in different operators. Compilers (any fusion but none) see
/// no difference.
enum class AttentionCode { plain, gpt2, opt, fairseq };
// plain: scores are scaled, then masked (Hugging Face: BERT and its family, T5, ViT, LLaMA, ...)
// gpt2: Hugging Face GPT-2: the scalars of scale and mask are tensors of their own; no mask is prepared beforehand
// opt: Hugging Face OPT: queries are scaled, not scores; queries, keys and values are copied head by head; masked
//   scores are clamped
// fairseq: queries are scaled; sequence-first layout without copies; no padding mask is dispatched (HAT)

struct Attention {
  Size heads = 1;
  Size key_value_heads = 1;  ///< fewer than heads: grouped-query attention
  Size head_dim = 64;        ///< heads × head_dim is the inner size; need not equal the width
  bool cross = false;        ///< keys and values from the encoder's result
  Size memories = 1;         ///< cross only: how many of the last encoder layers are attended to together (HAT)
  bool causal = false;
  Size window = 0;  ///< sliding-window length, 0: all (Mistral)
  Position position = Position::none;
  Size position_buckets = 0;      ///< bucket_bias: number of buckets; relative_key: largest distance
  bool scaled = true;             ///< a division of the scores is dispatched (T5 has none)
  bool fused_projection = false;  ///< one product for query, key and value (GPT-2)
  bool output_bias = true;
  Size output_groups = 1;  ///< groups of the output map; `weights.groups` is of query, key, value only (SqueezeBERT)
  /// MobileBERT: values read the wide input; queries and keys read an input map (and its norm) of their own, apart
  /// from the one that feeds the residual.
  bool values_from_layer_input = false;
  AttentionCode code = AttentionCode::plain;
  WeightForm weights;
  friend bool operator==(const Attention&, const Attention&) = default;
};

enum class HeadKind { scaled_dot_product, weighted_multiplicative, dft, dct, convolution };

struct MixedHead {
  HeadKind kind;
  Size kernel = 0;  ///< convolution only: 5, 9, 13
  friend bool operator==(const MixedHead&, const MixedHead&) = default;
};

/// FlexiBERT 2.0's layer: every head may be of another kind; all have `head_dim` dimensions (DESIGN: a = n·d).
struct MixedAttention {
  std::vector<MixedHead> heads;
  Size head_dim = 64;
  Size position_buckets = 512;  ///< largest relative distance of the shared relative-key table
  friend bool operator==(const MixedAttention&, const MixedAttention&) = default;
};

/// ConvBERT: half the heads are self-attention, half a span-based dynamic convolution.
struct SpanConvolutionAttention {
  Size heads = 6;  ///< attention heads left after head_ratio
  Size head_dim = 64;
  Size kernel = 9;
  friend bool operator==(const SpanConvolutionAttention&, const SpanConvolutionAttention&) = default;
};

/// FNet: real part of a 2-D Fourier transform over sequence and width; no weights.
struct FourierSublayer {
  Transform transform = Transform::dft;
  friend bool operator==(const FourierSublayer&, const FourierSublayer&) = default;
};

struct FeedForward {
  std::vector<Size> hidden;  ///< sizes of the hidden layers in order; never empty
  Function activation = Function::gelu;
  bool gated = false;  ///< SwiGLU-like: two input maps, one gates the other
  Size experts = 0;    ///< 0: dense; else a router chooses `chosen` of them for each token
  Size chosen = 1;
  Size capacity = 0;  ///< tokens of one sequence that an expert takes at most, the rest pass it by; 0: all (Switch)
  WeightForm weights;
  friend bool operator==(const FeedForward&, const FeedForward&) = default;
};

enum class NormPlacement { none, before, after };

/// x + body(x), normalised before or after.
struct Sublayer {
  std::variant<Attention, MixedAttention, SpanConvolutionAttention, FourierSublayer, FeedForward> body;
  NormPlacement placement = NormPlacement::after;
  NormKind norm = NormKind::layer_norm;
  bool residual = true;
  friend bool operator==(const Sublayer&, const Sublayer&) = default;
};

struct Layer {
  Size width = 768;
  std::optional<Size> bottleneck;   ///< MobileBERT: sublayers work at this width between an input and an output map
  std::vector<Sublayer> sublayers;  ///< `f: []`: simply no FeedForward here
  int shares_weights_with =
      -1;  ///< index of an earlier layer of the same stack whose weights this one reuses (ALBERT)
  friend bool operator==(const Layer&, const Layer&) = default;
};

/// Between layers of unequal width a linear map (with bias) is inserted.
struct Stack {
  std::vector<Layer> layers;
  bool final_norm = false;
  NormKind final_norm_kind = NormKind::layer_norm;
  friend bool operator==(const Stack&, const Stack&) = default;
};

struct Patches {
  Size image = 224, patch = 16, channels = 3;
  bool class_token = true;
  friend bool operator==(const Patches&, const Patches&) = default;
};

struct Embeddings {
  Size vocabulary = 0;  ///< 0: no tokens (vision)
  Size width = 768;     ///< when it differs from the first layer's width a linear map follows (ALBERT, ELECTRA, OPT)
  Size positions = 0;   ///< learned absolute positions (rows of the table); 0: none or computed ones
  bool sinusoidal = false;         ///< computed positions are added (Vaswani et al. 2017; fairseq)
  bool counted_positions = false;  ///< position numbers are counted from the tokens of each sequence (RoBERTa, OPT)
  Size token_types = 0;
  bool norm = false;
  NormKind norm_kind = NormKind::layer_norm;
  bool scaled = false;  ///< multiplied by sqrt(width)
  bool projection_bias = true;
  bool always_projected = false;  ///< the linear map is there between equal widths too (FNet)
  /// The linear map stands before positions, types and norm, which then have the first layer's width (MobileBERT,
  /// OPT); otherwise after them (ALBERT, ELECTRA, FNet).
  bool projected_first = false;
  bool trigrams = false;  ///< MobileBERT: three neighbours are concatenated before the map
  std::optional<Patches> patches;
  friend bool operator==(const Embeddings&, const Embeddings&) = default;
};

/// What stands on top of the last layer.
struct OutputHead {
  bool pooler = false;          ///< dense width×width and tanh on the first position
  Size classes = 0;             ///< linear map to this many labels, 0: none
  bool class_bias = true;       ///< ... with a bias (GPT-2's and LLaMA's have none)
  bool every_position = false;  ///< pooler's map and labels at every position (token classification, ELECTRA)
  bool language_model = false;  ///< logits over the vocabulary at every position
  /// ... with the embedding's weights. Where those are narrower than the last layer a map to their width comes first:
  /// the transform's dense (ALBERT, ELECTRA), without a transform one of its own without bias (OPT), with `widened`
  /// none.
  bool tied = true;
  bool widened = false;    ///< tied columns are completed to the layer's width by columns of their own (MobileBERT)
  bool transform = false;  ///< BERT's MLM head: dense, activation, norm before the logits
  bool bias = false;       ///< ... and a bias on the logits
  Function activation = Function::gelu;
  friend bool operator==(const OutputHead&, const OutputHead&) = default;
};

struct Architecture {
  std::string name;
  std::string family;  ///< "bert", "flexibert", "hat", ...: how it was described; has no influence on costs
  Embeddings embeddings;
  std::optional<Embeddings> decoder_embeddings;  ///< encoder-decoders whose tables are not shared
  Stack encoder;                                 ///< empty: decoder-only
  Stack decoder;                                 ///< empty: encoder-only
  OutputHead head;
  Size max_length = 0;  ///< longest sequence the positions allow, 0: unlimited
  bool dropout = true;  ///< trained with dropout after embeddings, attention probabilities and every sublayer
  friend bool operator==(const Architecture&, const Architecture&) = default;

  bool encoder_only() const { return decoder.layers.empty(); }
  bool decoder_only() const { return encoder.layers.empty(); }
};

/// Checks sizes: positive and below 10^7, heads × head_dim below 10^7, densities in (0, 1], kv heads divide heads,
/// groups divide widths, shared layers exist and agree in shape. Throws Error naming the layer and the field.
void check(const Architecture& architecture);

/// Learned numbers, shared and tied ones once: what the model's authors would count for these parts.
Size parameter_count(const Architecture& architecture);

}  // namespace ridgeline
