#include "model/numerics.hpp"

namespace ridgeline {

Numerics uniform_numerics(Precision precision) {
  using enum Precision;
  switch (precision) {
    case tf32:
      return {fp32, fp32, fp32, tf32};
    case int4:
      return {int4, fp16, fp16, fp16};
    case fp32:
    case fp16:
    case bf16:
    case int8:
      break;
  }
  return {precision, precision, precision, precision};
}

}  // namespace ridgeline
