// Latencies of single operators on GPUs, against which the roofline is validated kind by kind.
//
// NeuSight's data sets (sitar-lab/NeuSight, bmm.csv, linear.csv, elem.csv, ln.csv, softmax.csv): one kernel of
// PyTorch a row, in fp32, warm, with the GPU's name as the driver gives it. Columns: OPName, Latency (ms), Device,
// and the sizes
//   bmm      B products [M × K] · [K × N]
//   linear   [M × N] · [N × K], B = 1: N is the inner size. The grids say so: the first is K / 128 wide where N and K
//            differ. Whether a bias is added is not told; none is taken.
//   add, mul, div, pow     B·H elements and as many of a second operand: three passes over memory
//   addu, mulu, divu, powu the same with a scalar: two passes
//   relu, gelu, tanh       of B·H elements
//   ln, softmax            B rows of H
// Division counts as a multiplication and a power as an exponential: the arithmetic is hidden behind memory on every
// GPU of the sets. The columns about launches (Grid x, Warps per SM, ...) are not read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/precision.hpp"
#include "base/quantity.hpp"
#include "data/measurement.hpp"
#include "model/operators.hpp"

namespace ridgeline {

struct OperatorMeasurement {
  std::string id;      ///< "linear.csv:17"
  std::string device;  ///< name of a device description
  Operator op;
  Precision precision = Precision::fp32;
  Seconds latency;
};

struct OperatorMeasurements {
  std::vector<OperatorMeasurement> rows;  ///< in file order
  std::vector<Exclusion> excluded;        ///< latencies that are no positive number
  std::string source;
};

/// InputError for a missing column, an unknown operator or device, a size that is no positive integer.
OperatorMeasurements import_operators(const std::filesystem::path& file);

}  // namespace ridgeline
