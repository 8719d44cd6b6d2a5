// Folding of operators that put numbers elsewhere: shapes, slices and their like. Internal to model/onnx.
#pragma once

#include "model/onnx/fold_parts.hpp"

namespace ridgeline {

const Folds& movement_folds();

}  // namespace ridgeline
