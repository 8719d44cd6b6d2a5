// A family turns the choices of a space into architectures.
//
// Families and the choices that they need:
//   flexibert  layers; layer: width, heads (members sa_sdp, sa_wma, l_dft, l_dct, c_KERNEL), feed_forward
//   hat        encoder_layers, decoder_layers, encoder_width, decoder_width; encoder: hidden, heads;
//              decoder: hidden, heads, cross_heads, memories
//   bert       layers, width, head_size, hidden_ratio (feed-forward size ÷ width): homogeneous, as
//   google-research/bert gpt2       the same, as Hugging Face's GPT-2
//
// A family also numbers the parts (model/lowering_parts.hpp) that its models consist of, so that a search can look up
// what a part costs instead of describing it: in one workload, parts of equal number have equal operators.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/architecture.hpp"
#include "search/space.hpp"

namespace ridgeline {

/// Which of a program's phases: the first pass over the input, or a decoding step after it.
enum class PassKind { first, decode };

/// A part as pieces in a row, numbered like parts (PartGraph::piece_ends).
struct PartPieces {
  std::vector<std::uint32_t> numbers;
  Size parameters = 0;
};

struct Family {
  std::string name;
  /// Its name is left empty.
  std::function<Architecture(std::span<const Gene> genome)> architecture;
  /// Numbers of the parts in the order of plan(); clears `out`.
  std::function<void(std::span<const Gene> genome, PassKind pass, std::vector<std::uint32_t>& out)> parts;
  std::uint32_t part_count = 0;  ///< all numbers are smaller
  /// Of families with more kinds of parts than one can cost: false for parts that are costed whole.
  std::function<bool(std::uint32_t part, PartPieces& out)> pieces = {};
  std::uint32_t piece_count = 0;
};

std::vector<std::string> family_names();

/// Refers to the space, which must outlive it. Choices named "deployment" are left alone. Error for an unknown
/// family, missing or unknown choices, and values that the family cannot make sense of.
Family make_family(std::string_view family, const Space& space);

}  // namespace ridgeline
