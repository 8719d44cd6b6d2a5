// Which number format each kind of tensor uses.
#pragma once

#include "base/precision.hpp"

namespace ridgeline {

struct Numerics {
  Precision weights = Precision::fp32;
  Precision activations = Precision::fp32;
  Precision cache = Precision::fp32;    ///< keys and values kept between decoding steps
  Precision compute = Precision::fp32;  ///< what the matrix engine multiplies

  friend bool operator==(const Numerics&, const Numerics&) = default;
};

/// All tensors in `precision`; tf32 stores fp32, int8 multiplies int8, int4 keeps only weights in 4 bits and computes
/// in fp16.
Numerics uniform_numerics(Precision precision);

}  // namespace ridgeline
