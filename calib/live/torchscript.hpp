// TorchScript files as tapes of calls (model/torchscript/tape.hpp).
//
// The model's code is followed with tensors that have sizes and no numbers (calib/live/sizes.hpp): no operator of the
// model computes anything but sizes, and what depends on numbers is refused. Files whose classes restore themselves
// by code of their own (`__setstate__`) are not loaded, since loading would run it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/torchscript/tape.hpp"

namespace ridgeline {

/// What the file leaves open.
struct TorchScriptQuestions {
  struct Input {
    std::vector<Size> shape;
    std::string type;  ///< "int64"; one of torchscript_types()
  };
  std::vector<std::optional<Input>> inputs;         ///< of `forward`, in order; empty: None
  std::map<std::string, std::vector<Size>> shapes;  ///< of results that nothing tells, by the name of the call
};

/// InputError naming the file and, where it is about one, the call: no TorchScript file or damaged; operators or
/// classes that libtorch does not have; inputs that `forward` does not take; control flow or sizes that depend on
/// numbers; operands that do not fit.
Tape read_torchscript(const std::filesystem::path& file, const TorchScriptQuestions& questions);

}  // namespace ridgeline
