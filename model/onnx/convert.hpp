// ONNX files as operator graphs (docs/convert.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "model/given_graph.hpp"
#include "model/onnx/shapes.hpp"

namespace ridgeline {

struct ConvertOptions {
  OnnxQuestions questions;
  std::string name;  ///< of the graph; empty: the file's
  Task task = Task::encode;
  std::optional<Size> batch;   ///< sequences; empty: the first dimension of the first input
  std::optional<Size> length;  ///< tokens of each; empty: the second, where the first input has two or three
  bool as_written = false;     ///< patterns are not put together (model/onnx/patterns.hpp)
};

/// Only what the outputs depend on becomes operators. The graph's formats are those of most elements: activations
/// among results, weights among learned tensors, products 8-bit where most of their FLOPs are. InputError as
/// read_onnx().
GivenGraph convert_onnx(const std::filesystem::path& file, const ConvertOptions& options);

}  // namespace ridgeline
