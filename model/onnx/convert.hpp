// ONNX files as operator graphs (docs/convert.md).
#pragma once

#include <filesystem>

#include "model/conversion/assembly.hpp"
#include "model/onnx/shapes.hpp"

namespace ridgeline {

struct ConvertOptions : ConversionOptions {
  OnnxQuestions questions;
  bool as_written = false;  ///< patterns are not put together (model/onnx/patterns.hpp)
};

/// InputError as read_onnx() and assemble().
GivenGraph convert_onnx(const std::filesystem::path& file, const ConvertOptions& options);

}  // namespace ridgeline
