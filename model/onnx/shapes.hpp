// An ONNX file as a list of nodes whose tensors all have known sizes.
//
// Symbolic dimensions are bound to numbers; node by node, shape arithmetic is computed (model/onnx/fold.hpp) and all
// other results are inferred by ONNX's own functions. Nothing of the model runs, and no data beyond the file is read:
// tensors stored beside it count by their stated sizes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/onnx/constant.hpp"

namespace ridgeline {

/// What the file leaves open.
struct OnnxQuestions {
  std::map<std::string, Size> dimensions;           ///< by symbol: "batch" -> 1
  std::map<std::string, std::vector<Size>> shapes;  ///< of tensors that nothing tells, by name
};

/// `stored` is the format of `stored_type`.
struct OnnxTensor : SourceTensor {
  int type = onnx::TensorProto::FLOAT;         ///< onnx::TensorProto::DataType
  int stored_type = onnx::TensorProto::FLOAT;  ///< learned: of the initializer that it came from
  std::shared_ptr<const Constant> value;       ///< of small ones that are known
};

struct OnnxNode {
  const onnx::NodeProto* proto = nullptr;
  std::string name;                        ///< unique: its own, else that of its first result
  int version = 1;                         ///< of the operator set
  bool standard = true;                    ///< of ONNX's own operator set
  std::vector<const OnnxTensor*> inputs;   ///< null: left out
  std::vector<const OnnxTensor*> outputs;  ///< the same
};

/// Pointers refer to the model's own parts.
struct ShapedModel {
  std::unique_ptr<onnx::ModelProto> proto;
  std::map<std::string, std::unique_ptr<OnnxTensor>> tensors;
  std::vector<const OnnxTensor*> inputs;   ///< of the graph, initializers left out
  std::vector<const OnnxTensor*> outputs;  ///< of the graph
  std::vector<OnnxNode> nodes;             ///< in program order, without those that are known beforehand
  std::string source;                      ///< what made the file, in words
};

/// InputError naming the file and, where it is about one, the node: not ONNX or damaged; symbolic dimensions without
/// a number; If, Loop and Scan; nodes that read what nothing before them computes; shapes that cannot be told.
ShapedModel read_onnx(const std::filesystem::path& file, const OnnxQuestions& questions);

}  // namespace ridgeline
