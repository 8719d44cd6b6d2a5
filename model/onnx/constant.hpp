// Values that are known before an ONNX graph runs: what exporters compute shapes with. Small ones only.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "model/operators.hpp"

namespace ridgeline {

/// A dense tensor of whole or real numbers, row by row; truth values are 0 and 1.
struct Constant {
  int type = onnx::TensorProto::INT64;  ///< onnx::TensorProto::DataType
  std::vector<Size> shape;              ///< empty: one number
  std::vector<std::int64_t> whole;      ///< one of both has the values
  std::vector<double> real;

  bool is_real() const { return is_real_type(type); }
  std::size_t size() const { return is_real() ? real.size() : whole.size(); }
  double number(std::size_t i) const { return is_real() ? real[i] : static_cast<double>(whole[i]); }

  static bool is_real_type(int type);
};

/// More elements than this are weights, not shapes.
inline constexpr Size kMostConstantElements = 65536;

/// Elements of a tensor of that shape; Error beyond 10^15.
Size elements_of(const std::vector<Size>& shape);

/// Empty for tensors that are large, of strings or complex numbers, or stored in another file.
std::optional<Constant> constant_of(const onnx::TensorProto& tensor);
onnx::TensorProto tensor_of(const Constant& constant);

}  // namespace ridgeline
