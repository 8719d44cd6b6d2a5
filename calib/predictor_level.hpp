// How much of the model a prediction uses.
#pragma once

#include <string_view>

namespace ridgeline {

enum class PredictorLevel {
  data_sheet,  ///< nothing fitted to this device: the data sheet with the generic calibration of other devices
  analytic,    ///< parameters fitted
  residual,    ///< and what physics leaves over corrected
};
/// "datasheet", "analytic", "residual".
std::string_view name(PredictorLevel level);

}  // namespace ridgeline
