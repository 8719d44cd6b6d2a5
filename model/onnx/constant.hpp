// Values that are known before an ONNX graph runs: what exporters compute shapes with. Small ones only.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "model/conversion/source.hpp"

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

/// Empty for tensors that are large, of strings or complex numbers, or stored in another file.
std::optional<Constant> constant_of(const onnx::TensorProto& tensor);
onnx::TensorProto tensor_of(const Constant& constant);

/// Bytes of an element of an ONNX type.
double bytes_of_type(int type);
/// fp32, fp16, bf16 or int8; nothing for whole numbers of more than 8 bits, truth values and what is no number.
std::optional<Precision> format_of_type(int type);

}  // namespace ridgeline
