// Nodes of an ONNX graph as Ridgeline's operators (docs/convert.md has the table).
//
// A node is one operator as an interpreter of the file would run it; patterns that exporters write out are put
// together by model/onnx/patterns.hpp. Tensors that ONNX defines as dense are dense: transposing and slicing move
// data, changing the shape alone does not.
#pragma once

#include <vector>

#include "model/given_graph.hpp"
#include "model/onnx/shapes.hpp"

namespace ridgeline {

/// An operator, and what the whole graph's number formats are chosen by.
struct ConvertedNode {
  std::vector<Operator> operators;      ///< one after the other; empty never
  std::string unknown;                  ///< not empty: the one operator is unknown by that name
  const OnnxTensor* weights = nullptr;  ///< the learned tensor that the first operator with parameters uses
  bool integer_product = false;         ///< multiplies 8-bit integers
};

/// `activation_bytes`: of an element in the format that the graph's activations are counted in.
ConvertedNode convert_node(const OnnxNode& node, double activation_bytes);

/// Bytes of an element of an ONNX type; Error for strings and what has no size.
double bytes_of_type(int type);
/// fp32, fp16, bf16 or int8 (4-byte and 8-byte numbers: fp32).
Precision precision_of_type(int type);

}  // namespace ridgeline
