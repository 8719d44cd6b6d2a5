// Words of Ridgeline's own YAML: reading and writing share these tables.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "model/architecture.hpp"

namespace ridgeline {

template <class Value, std::size_t N>
using NameTable = std::array<std::pair<std::string_view, Value>, N>;

inline constexpr NameTable<Function, 6> kActivationNames{{{"relu", Function::relu},
                                                          {"gelu", Function::gelu},
                                                          {"gelu_tanh", Function::gelu_tanh},
                                                          {"silu", Function::silu},
                                                          {"tanh", Function::tanh},
                                                          {"sigmoid", Function::sigmoid}}};
inline constexpr NameTable<NormKind, 3> kNormNames{
    {{"layer_norm", NormKind::layer_norm}, {"rms_norm", NormKind::rms_norm}, {"affine", NormKind::affine}}};
inline constexpr NameTable<NormPlacement, 3> kPlacementNames{
    {{"none", NormPlacement::none}, {"before", NormPlacement::before}, {"after", NormPlacement::after}}};
inline constexpr NameTable<Position, 4> kPositionNames{{{"none", Position::none},
                                                        {"relative_key", Position::relative_key},
                                                        {"bucket_bias", Position::bucket_bias},
                                                        {"rotary", Position::rotary}}};
inline constexpr NameTable<AttentionCode, 4> kCodeNames{{{"plain", AttentionCode::plain},
                                                         {"gpt2", AttentionCode::gpt2},
                                                         {"opt", AttentionCode::opt},
                                                         {"fairseq", AttentionCode::fairseq}}};
inline constexpr NameTable<Transform, 2> kTransformNames{{{"dft", Transform::dft}, {"dct", Transform::dct}}};
/// Heads of mixed attention; a convolution is "c_" and its kernel.
inline constexpr NameTable<HeadKind, 4> kHeadNames{{{"sa_sdp", HeadKind::scaled_dot_product},
                                                    {"sa_wma", HeadKind::weighted_multiplicative},
                                                    {"l_dft", HeadKind::dft},
                                                    {"l_dct", HeadKind::dct}}};

template <class Value, std::size_t N>
constexpr std::string_view word(const NameTable<Value, N>& table, Value value) {
  for (const auto& [name, known] : table)
    if (known == value) return name;
  return "";
}

}  // namespace ridgeline
