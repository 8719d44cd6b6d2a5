// The parts that every program is composed of, in program order: embeddings, sublayers, maps between unequal widths,
// norms, output head.
//
// A part is lowered from its own description, its context and the workload alone, so equal parts with equal contexts
// give equal operators wherever they stand, and whatever costs graphs may cost a part once and remember it by value
// (model/batch.hpp). lower() is nothing but the composition of its parts, and peak memory composes too: part_graph()
// has every tensor that lives across the part.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "model/architecture.hpp"
#include "model/graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// Tensors that one part hands to later ones.
enum class Value {
  hidden,         ///< the running result, tokens × width
  mask,           ///< prepared attention mask
  memory,         ///< the encoder's result
  memory_before,  ///< the results of the encoder's second last and third last layer (HAT)
  memory_before_that,
  position_bias,  ///< T5: computed by the first layer, read by all
  wide,           ///< MobileBERT: the layer's input outside the bottleneck
};
inline constexpr std::size_t kValueCount = 7;

/// Their nodes in a graph; kNoNode where there is no such tensor.
struct Values {
  std::array<std::int32_t, kValueCount> nodes{-1, -1, -1, -1, -1, -1, -1};
  std::int32_t& operator[](Value v) { return nodes[static_cast<std::size_t>(v)]; }
  std::int32_t operator[](Value v) const { return nodes[static_cast<std::size_t>(v)]; }
};

/// A set of values.
class ValueSet {
 public:
  constexpr void insert(Value v) { bits_ |= bit(v); }
  constexpr void insert(ValueSet other) { bits_ |= other.bits_; }
  constexpr void erase(ValueSet other) { bits_ &= static_cast<std::uint8_t>(~other.bits_); }
  constexpr bool contains(Value v) const { return bits_ & bit(v); }
  constexpr std::uint8_t bits() const { return bits_; }
  friend bool operator==(const ValueSet&, const ValueSet&) = default;

 private:
  static constexpr std::uint8_t bit(Value v) { return static_cast<std::uint8_t>(1u << static_cast<unsigned>(v)); }
  std::uint8_t bits_ = 0;
};

/// What a part sees of the rest of the model.
struct SublayerContext {
  Size width = 0;          ///< where the part works (inside its layer's bottleneck)
  Size wide = 0;           ///< width of the layer outside its bottleneck; 0: it has none
  Size tokens = 0;         ///< rows: batch × queries
  Size batch = 1;          ///< sequences × beams
  Size queries = 0;        ///< positions processed now, per sequence
  Size keys = 0;           ///< positions attended to, per sequence (cache included)
  Size memory_width = 0;   ///< cross attention: width of the encoder's result
  Size memory_length = 0;  ///< ... and its length
  Size mask_elements = 0;  ///< size of the prepared mask; 0: there is none
  Size bias_heads = 0;     ///< heads of T5's position bias; 0: there is none
  bool decoder = false;    ///< the part belongs to the stack that produces the output tokens
  bool cached = false;     ///< keys and values are kept in a cache; keys - queries positions are there already
  bool first_in_stack = false;
  bool dropout = true;  ///< as in Architecture
  ValueSet carried;     ///< values that live on behind the part because later parts read them
  friend bool operator==(const SublayerContext&, const SublayerContext&) = default;
};

/// How the attention mask is prepared before the first layer.
enum class MaskCode { none, padding, causal };

struct EmbeddingsPart {
  const Embeddings* embeddings;
  MaskCode mask;
  std::int32_t table = 0;  ///< number of the token table's weight set; no influence on costs
};
/// Linear map with bias from the previous layer's width.
struct WidthChange {
  Size from;
};
/// MobileBERT's map (and norm) into the bottleneck, and out of it with norm and residual.
struct BottleneckInput {
  NormKind norm;
};
struct BottleneckOutput {
  NormKind norm;
};
struct FinalNorm {
  NormKind norm;
};
struct HeadPart {
  const OutputHead* head;
  const Embeddings* embeddings;  ///< whose weights tied logits use
  std::int32_t table = 0;        ///< as above
};

using PartBody = std::variant<EmbeddingsPart, const Sublayer*, WidthChange, BottleneckInput, BottleneckOutput,
                              FinalNorm, HeadPart>;

/// Points into an Architecture, which must outlive it.
struct Part {
  PartBody body;
  SublayerContext context;
  std::int32_t layer = -1;    ///< for OperatorNode::layer; no influence on costs
  std::int32_t weights = -1;  ///< number of its first weight set; no influence on costs
  std::int32_t stored = -1;   ///< the Value that the result is kept as besides hidden; -1: none
};

/// Equality of everything that determines the operators: bodies by value, contexts; not layer, weights, stored.
bool same_operators(const Part& a, const Part& b);
/// A hash that agrees with same_operators.
std::size_t hash_value(const Part& part);

/// One phase of a program as parts, to be run `repeats` times in a row.
struct PhaseParts {
  std::string_view name;
  std::vector<Part> parts;
  Size repeats = 1;
  ValueSet given;    ///< values that exist before the phase
  ValueSet results;  ///< values that outlive it besides hidden
};

/// All phases but "backward" and "optimiser", in order. Throws as lower() does.
std::vector<PhaseParts> plan(const Architecture& architecture, const Workload& workload);

/// Appends the part's operators, reading `values` and updating them.
void lower_part(const Part& part, const Workload& workload, GraphBuilder& graph, Values& values);

/// The sublayer alone: reads values[hidden] (and what else it needs); returns the node that holds its result.
std::int32_t lower_sublayer(const Sublayer& sublayer, const SublayerContext& context, const Workload& workload,
                            GraphBuilder& graph, Values& values);

/// Elements of a value as the part sees it.
Size elements(Value value, const Part& part);

/// A part as a graph of its own. What it reads and what only lives across it are given tensors in front; `kept` are
/// the vertices that live on behind it. The highest peak_activations of a phase's part graphs is that of the phase.
struct PartGraph {
  OperatorGraph graph;
  std::vector<OperatorVertex> kept;
  /// Mixed attention: where its pieces end, but for the last. They are the projections, the scores of each head, the
  /// weighting, what each head mixes, and the rest; the operators of a head's pieces depend on its kind and on what
  /// all heads have in common, not on the other heads' kinds. Other parts: empty.
  std::vector<OperatorVertex> piece_ends;
};
PartGraph part_graph(const Part& part, const Workload& workload);

}  // namespace ridgeline
