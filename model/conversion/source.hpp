// What readers of model files hand on: a list of nodes whose tensors all have known sizes, and the operators that
// each node becomes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/precision.hpp"
#include "model/operators.hpp"

namespace ridgeline {

struct SourceTensor {
  std::string name;
  std::vector<Size> shape;
  double element_bytes = 4;
  std::optional<Precision> format;  ///< of real numbers and 8-bit ones, which formats are chosen by; double: fp32
  bool learned = false;             ///< weights, or computed from such alone: it exists before the graph runs
  bool known = false;               ///< the same of anything that the file knows beforehand, shapes included
  std::string root;                 ///< learned: the weights that it came from
  std::optional<Precision> stored;  ///< ... and their format

  Size elements() const;
  bool is_number() const { return elements() == 1; }
};

/// Elements of a tensor of that shape; Error beyond 10^15.
Size elements_of_shape(const std::vector<Size>& shape);

struct SourceNode {
  std::string name;                          ///< unique
  std::vector<const SourceTensor*> inputs;   ///< null: left out
  std::vector<const SourceTensor*> outputs;  ///< the same
};

/// Pointers refer to tensors that the reader owns.
struct SourceGraph {
  std::string source;  ///< what made the file, in words
  std::vector<const SourceTensor*> inputs, outputs;
  std::vector<SourceNode> nodes;  ///< in program order, without those that are known beforehand
};

/// The operators of a node, and what the whole graph's number formats are chosen by.
struct ConvertedNode {
  std::vector<Operator> operators{};      ///< one after the other; empty never
  std::string unknown{};                  ///< not empty: the one operator is unknown by that name
  const SourceTensor* weights = nullptr;  ///< the learned tensor that the first operator with parameters uses
  bool integer_product = false;           ///< multiplies 8-bit integers
};

}  // namespace ridgeline
