// Nodes of an ONNX graph as Ridgeline's operators (docs/convert.md has the table).
//
// A node is one operator as an interpreter of the file would run it; patterns that exporters write out are put
// together by model/onnx/patterns.hpp. Tensors that ONNX defines as dense are dense: transposing and slicing move
// data, changing the shape alone does not.
#pragma once

#include "model/conversion/source.hpp"
#include "model/onnx/shapes.hpp"

namespace ridgeline {

/// `activation_bytes`: of an element in the format that the graph's activations are counted in.
ConvertedNode convert_node(const OnnxNode& node, double activation_bytes);

}  // namespace ridgeline
