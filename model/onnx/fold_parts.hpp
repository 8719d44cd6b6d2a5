// What computing constants is made of. Internal to model/onnx.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/onnx/constant.hpp"

namespace ridgeline {

using FoldInputs = std::vector<const Constant*>;  ///< null: left out
using FoldResult = std::optional<Constant>;       ///< nothing: cannot be told
using Fold = std::function<FoldResult(const onnx::NodeProto&, const FoldInputs&)>;
using Folds = std::unordered_map<std::string, Fold>;  ///< by the operator's name

/// Whether there is such an input.
bool has(const FoldInputs& in, std::size_t i);
/// A constant of zeros.
Constant filled(int type, std::vector<Size> shape);
/// No dimension is negative, and elements are kMostConstantElements at most.
bool is_small(const std::vector<Size>& shape);
/// Towards zero; what fits no whole number becomes the nearest, and what is none 0.
std::int64_t whole_of(double value);
/// Element `i` becomes element `j`, in the other's type.
void copy_element(const Constant& from, std::size_t i, Constant& to, std::size_t j);
/// Axes from an attribute or, in newer operator sets, from an input.
std::optional<std::vector<std::int64_t>> axes_of(const onnx::NodeProto& node, const FoldInputs& in,
                                                 std::size_t input);

/// Counts a multi-index through `shape`, the last place first.
void next(std::vector<Size>& index, const std::vector<Size>& shape);
/// The shape that both are broadcast to; nothing where they do not fit.
std::optional<std::vector<Size>> broadcast(const std::vector<Size>& a, const std::vector<Size>& b);
/// Where the element `index` of a result lies in an operand that is broadcast to it.
std::size_t broadcast_place(const std::vector<Size>& index, const std::vector<Size>& shape);

}  // namespace ridgeline
