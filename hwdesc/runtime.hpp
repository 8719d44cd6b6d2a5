// The software that runs a model on a device: a small description of its own (hwdesc/runtimes/*.yaml), apart from the
// device, since the same board is ten times apart between two runtimes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "hwdesc/device.hpp"

namespace ridgeline {

enum class Fusion { none, typical, flash_attention };

/// How good the runtime's kernels are on one processor architecture.
struct KernelQuality {
  std::string architecture;    ///< Device::architecture, or "cpu" / "gpu" / "npu" for all others of that kind
  double matrix = 1;           ///< highest share of peak that large matrix products reach, (0, 1]
  double vector = 1;           ///< the same for element-wise and reduction kernels
  double bandwidth = 1;        ///< share of the achievable memory bandwidth
  std::optional<int> threads;  ///< units used at most by matrix products; empty: all
  /// The matrix library copies the weights into packed blocks at every call, which takes turns with multiplying (Goto
  /// & van de Geijn 2008). The blocks are sized to stay in a cache.
  bool packs_weights = false;
};

struct Runtime {
  std::string name;
  std::string title;
  std::vector<std::string> aliases;
  std::vector<Source> sources;
  /// Host time to issue one operator that launches work, and one that only changes metadata (a view), on the
  /// reference host; divided by Device::host_speed.
  Seconds dispatch_kernel;
  Seconds dispatch_view;
  Fusion fusion = Fusion::none;  ///< what it fuses unless the user says otherwise
  bool runs_views = true;        ///< eager frameworks dispatch views; compilers remove them
  std::vector<KernelQuality> kernels;
  std::vector<Fact> facts;

  /// The entry for a device: its architecture, else its kind, else an ideal one.
  KernelQuality kernels_on(const Device& device) const;
};

}  // namespace ridgeline
