// ONNX and TorchScript files as operator graphs that the other commands take.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"

namespace ridgeline {

/// One input of a TorchScript model.
struct ConvertInput {
  std::vector<Size> shape;
  std::string type;  ///< "int64"
};

struct ConvertCommandOptions {
  std::string file;
  std::vector<std::optional<ConvertInput>> inputs;  ///< empty: None
  std::map<std::string, Size> dimensions;
  std::map<std::string, std::vector<Size>> shapes;
  std::string name;  ///< empty: the file's
  Task task = Task::encode;
  std::optional<Size> batch, length;  ///< empty: from the first input
  bool as_written = false;
};

Command convert_command();

}  // namespace ridgeline
