#include "model/onnx/constant.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;

/// IEEE 754 half precision.
double half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double size = exponent == 0    ? std::ldexp(fraction, -24)
                      : exponent == 31 ? (fraction ? std::nan("") : HUGE_VAL)
                                       : std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -size : size;
}

double brain(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

/// The values as the file's bytes have them, little-endian.
template <class Stored, class Into, class Convert>
bool unpack(const std::string& raw, std::size_t count, std::vector<Into>& into, Convert convert) {
  if (raw.size() != count * sizeof(Stored)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    Stored value;
    std::memcpy(&value, raw.data() + i * sizeof(Stored), sizeof(Stored));
    into.push_back(convert(value));
  }
  return true;
}
template <class Stored, class Into>
bool unpack(const std::string& raw, std::size_t count, std::vector<Into>& into) {
  return unpack<Stored>(raw, count, into, [](Stored value) { return static_cast<Into>(value); });
}

template <class Values, class Into>
bool take(const Values& values, std::size_t count, std::vector<Into>& into) {
  if (static_cast<std::size_t>(values.size()) != count) return false;
  for (const auto value : values) into.push_back(static_cast<Into>(value));
  return true;
}

bool read_values(const Proto& tensor, std::size_t n, Constant& c) {
  const bool raw = tensor.has_raw_data();
  const std::string& bytes = tensor.raw_data();
  switch (tensor.data_type()) {
    case Proto::INT64:
      return raw ? unpack<std::int64_t>(bytes, n, c.whole) : take(tensor.int64_data(), n, c.whole);
    case Proto::INT32:
      return raw ? unpack<std::int32_t>(bytes, n, c.whole) : take(tensor.int32_data(), n, c.whole);
    case Proto::INT16:
      return raw ? unpack<std::int16_t>(bytes, n, c.whole) : take(tensor.int32_data(), n, c.whole);
    case Proto::UINT16:
      return raw ? unpack<std::uint16_t>(bytes, n, c.whole) : take(tensor.int32_data(), n, c.whole);
    case Proto::INT8:
      return raw ? unpack<std::int8_t>(bytes, n, c.whole) : take(tensor.int32_data(), n, c.whole);
    case Proto::UINT8:
    case Proto::BOOL:
      return raw ? unpack<std::uint8_t>(bytes, n, c.whole) : take(tensor.int32_data(), n, c.whole);
    case Proto::UINT32:
      return raw ? unpack<std::uint32_t>(bytes, n, c.whole) : take(tensor.uint64_data(), n, c.whole);
    case Proto::UINT64:
      return raw ? unpack<std::uint64_t>(bytes, n, c.whole) : take(tensor.uint64_data(), n, c.whole);
    case Proto::FLOAT:
      return raw ? unpack<float>(bytes, n, c.real) : take(tensor.float_data(), n, c.real);
    case Proto::DOUBLE:
      return raw ? unpack<double>(bytes, n, c.real) : take(tensor.double_data(), n, c.real);
    case Proto::FLOAT16:
    case Proto::BFLOAT16: {
      const auto convert = tensor.data_type() == Proto::FLOAT16 ? half : brain;
      if (raw) return unpack<std::uint16_t>(bytes, n, c.real, convert);
      if (static_cast<std::size_t>(tensor.int32_data_size()) != n) return false;
      for (const std::int32_t value : tensor.int32_data())
        c.real.push_back(convert(static_cast<std::uint16_t>(value)));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

bool Constant::is_real_type(int type) {
  return type == Proto::FLOAT || type == Proto::DOUBLE || type == Proto::FLOAT16 || type == Proto::BFLOAT16;
}

std::optional<Constant> constant_of(const Proto& tensor) {
  if (tensor.data_location() == Proto::EXTERNAL) return std::nullopt;
  Constant c;
  c.type = tensor.data_type();
  double product = 1;
  for (const std::int64_t dimension : tensor.dims()) {
    if (dimension < 0) return std::nullopt;
    product *= static_cast<double>(dimension);
    c.shape.push_back(dimension);
  }
  if (product > static_cast<double>(kMostConstantElements)) return std::nullopt;
  if (!read_values(tensor, static_cast<std::size_t>(product), c)) return std::nullopt;
  return c;
}

Proto tensor_of(const Constant& c) {
  Proto tensor;
  for (const Size dimension : c.shape) tensor.add_dims(dimension);
  tensor.set_data_type(c.is_real() ? static_cast<int>(Proto::FLOAT) : c.type);
  switch (tensor.data_type()) {
    case Proto::FLOAT:
      for (const double value : c.real) tensor.add_float_data(static_cast<float>(value));
      break;
    case Proto::INT64:
      for (const std::int64_t value : c.whole) tensor.add_int64_data(value);
      break;
    case Proto::UINT32:
    case Proto::UINT64:
      for (const std::int64_t value : c.whole) tensor.add_uint64_data(static_cast<std::uint64_t>(value));
      break;
    default:
      for (const std::int64_t value : c.whole) tensor.add_int32_data(static_cast<std::int32_t>(value));
  }
  return tensor;
}

double bytes_of_type(int type) {
  switch (type) {
    case Proto::BOOL:
    case Proto::INT8:
    case Proto::UINT8:
      return 1;
    case Proto::INT16:
    case Proto::UINT16:
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
      return 2;
    case Proto::INT64:
    case Proto::UINT64:
    case Proto::DOUBLE:
    case Proto::COMPLEX64:
      return 8;
    case Proto::COMPLEX128:
    case Proto::STRING:  // a pointer and a length, whatever they lead to
      return 16;
    default:
      return 4;
  }
}

std::optional<Precision> format_of_type(int type) {
  switch (type) {
    case Proto::FLOAT:
    case Proto::DOUBLE:
      return Precision::fp32;
    case Proto::FLOAT16:
      return Precision::fp16;
    case Proto::BFLOAT16:
      return Precision::bf16;
    case Proto::INT8:
    case Proto::UINT8:
      return Precision::int8;
    default:
      return std::nullopt;
  }
}

}  // namespace ridgeline
