// Everything the analytic model needs to know about device × runtime × numerics, as plain numbers.
//
// This is the seam between descriptions and physics: hwdesc gives the data-sheet values, a calibration replaces some
// of them, what-ifs change them; the cost functions see nothing else.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "hwdesc/device.hpp"
#include "hwdesc/runtime.hpp"
#include "model/numerics.hpp"
#include "model/operators.hpp"

namespace ridgeline {

/// One kind of arithmetic at the numerics' precision.
struct ArithmeticParameters {
  FlopsPerSecond peak;     ///< data sheet, all usable units
  double utilisation = 1;  ///< highest share of peak large shapes reach, (0, 1]; this is what calibration learns
  Size units = 1;          ///< parallel units that share the work (wave quantisation)
  Size tile_rows = 1, tile_columns = 1, tile_depth = 1;
  JoulesPerFlop energy;  ///< dynamic
};

struct MemoryParameters {
  std::string name;
  Bytes size;                ///< total over instances
  BytesPerSecond bandwidth;  ///< data sheet, total over instances
  double utilisation = 1;    ///< (0, 1]
  JoulesPerByte energy;
};

struct CostParameters {
  std::array<ArithmeticParameters, kArithmeticCount> arithmetic;
  std::vector<MemoryParameters> memory;  ///< innermost first; the last is DRAM
  Numerics numerics;

  /// Host time to dispatch one operator by its kind (View: one metadata operation).
  std::array<Seconds, kOperatorKinds> dispatch;
  Seconds launch;             ///< from dispatch to the earliest start on the device
  Seconds kernel_floor;       ///< shortest time any launched kernel occupies the device
  bool asynchronous = false;  ///< the host queues ahead (GPU, NPU); false: it waits for each operator (CPU)

  bool has_power = false;  ///< no basis for joules and watts otherwise
  Watts static_power;
  Watts power_limit;       ///< infinite when not capped
  double clock_scale = 1;  ///< clock / nominal, for the report
  Seconds startup;         ///< process start and loading, where known; never inside latency
};

/// From descriptions alone. InputError when the device cannot compute in the precision asked for.
CostParameters data_sheet_parameters(const Device& device, const Runtime& runtime, const Numerics& numerics);

}  // namespace ridgeline
