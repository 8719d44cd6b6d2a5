#include "hwdesc/runtime.hpp"

namespace ridgeline {

KernelQuality Runtime::kernels_on(const Device& device) const {
  for (const KernelQuality& quality : kernels)
    if (quality.architecture == device.architecture) return quality;
  for (const KernelQuality& quality : kernels)
    if (quality.architecture == ridgeline::name(device.kind)) return quality;
  return KernelQuality{.architecture = device.architecture};
}

}  // namespace ridgeline
