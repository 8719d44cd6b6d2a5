// Operator graphs of the nodes of a model file (docs/convert.md).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "model/conversion/source.hpp"
#include "model/given_graph.hpp"

namespace ridgeline {

struct ConversionOptions {
  std::string name;  ///< of the graph; empty: the file's
  Task task = Task::encode;
  std::optional<Size> batch;   ///< sequences; empty: the first dimension of the first input
  std::optional<Size> length;  ///< tokens of each; empty: the second, where the first input has two or three
};

/// What node number `node` becomes; `activation_bytes`: of an element in the format that activations are counted in.
using NodeConversion = std::function<ConvertedNode(std::size_t node, double activation_bytes)>;

/// Only what the outputs depend on becomes operators. The graph's formats are those of most elements: activations
/// among results, weights among learned tensors, products 8-bit where most of their FLOPs are. InputError naming the
/// file where nothing is left to run.
GivenGraph assemble(const std::filesystem::path& file, const SourceGraph& source, const ConversionOptions& options,
                    const NodeConversion& convert);

}  // namespace ridgeline
