#include "model/torchscript/tape.hpp"

namespace ridgeline {

std::string TapeCall::plain_name() const {
  if (!op.starts_with("aten::")) return op;
  std::string plain = op.substr(6);
  if (in_place && plain.ends_with('_') && !plain.ends_with("__")) plain.pop_back();
  return plain;
}

const SourceTensor* TapeCall::tensor(std::string_view wanted) const {
  const auto* found = argument<const SourceTensor*>(wanted);
  return found ? *found : nullptr;
}

std::int64_t TapeCall::number(std::string_view wanted, std::int64_t otherwise) const {
  const auto* found = argument<std::int64_t>(wanted);
  return found ? *found : otherwise;
}

double TapeCall::real(std::string_view wanted, double otherwise) const {
  if (const auto* found = argument<double>(wanted)) return *found;
  const auto* whole = argument<std::int64_t>(wanted);
  return whole ? static_cast<double>(*whole) : otherwise;
}

}  // namespace ridgeline
