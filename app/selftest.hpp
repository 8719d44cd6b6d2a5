// Does it hold on this machine? Measures, calibrates, and predicts models that were not measured before.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct SelftestOptions {
  Seconds budget{900};
  std::optional<Size> threads;
  Size models = 60;  ///< that are predicted before they are measured
  std::uint64_t seed = 0;
};

Command selftest_command();

}  // namespace ridgeline
