#include "model/onnx/functions.hpp"

#include <unordered_map>

namespace ridgeline {

std::optional<Function> onnx_function(const std::string& op_type) {
  using enum Function;
  static const std::unordered_map<std::string, Function> all{
      {"Relu", relu},
      {"LeakyRelu", relu},
      {"PRelu", relu},
      {"ThresholdedRelu", relu},
      {"Clip", clamp},
      {"Min", clamp},
      {"Max", clamp},
      {"HardSigmoid", clamp},
      {"HardSwish", clamp},
      {"Neg", scale},
      {"Abs", scale},
      {"Sign", scale},
      {"Floor", scale},
      {"Ceil", scale},
      {"Round", scale},
      {"Reciprocal", scale},
      {"Mean", add},
      {"Mod", multiply},
      {"BitShift", scale},
      {"QuantizeLinear", scale},
      {"DequantizeLinear", scale},
      {"Sqrt", rsqrt},
      {"Exp", exp},
      {"Log", exp},
      {"Sin", exp},
      {"Cos", exp},
      {"Tan", exp},
      {"Asin", exp},
      {"Acos", exp},
      {"Atan", exp},
      {"Sinh", exp},
      {"Cosh", exp},
      {"Asinh", exp},
      {"Acosh", exp},
      {"Atanh", exp},
      {"Erf", tanh},
      {"Tanh", tanh},
      {"Mish", silu},
      {"Swish", silu},
      {"Sigmoid", sigmoid},
      {"Elu", sigmoid},
      {"Selu", sigmoid},
      {"Celu", sigmoid},
      {"Softplus", sigmoid},
      {"Softsign", scale},
      {"Cast", convert},
      {"CastLike", convert},
      {"Where", mask},
      {"Trilu", mask},
      {"Not", compare},
      {"And", compare},
      {"Or", compare},
      {"Xor", compare},
      {"Equal", compare},
      {"Less", compare},
      {"Greater", compare},
      {"LessOrEqual", compare},
      {"IsNaN", compare},
      {"IsInf", compare},
      {"GreaterOrEqual", compare},
      {"CumSum", add},
  };
  const auto found = all.find(op_type);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ridgeline
