#include "calib/live/optimisation.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

namespace ridgeline {

using at::Tensor;

namespace {

constexpr double kRate = 1e-4, kFirst = 0.9, kSecond = 0.999, kEpsilon = 1e-8;

}  // namespace

Optimisation::Optimisation(std::vector<Tensor> parameters, Optimiser optimiser)
    : parameters_(std::move(parameters)), optimiser_(optimiser) {
  for (Tensor& p : parameters_) p.set_requires_grad(true);
}

void Optimisation::step() {
  const at::NoGradGuard no_gradients;
  if (means_.empty() && optimiser_ == Optimiser::adam)
    for (const Tensor& p : parameters_) {
      means_.push_back(at::zeros_like(p));
      squares_.push_back(at::zeros_like(p));
    }
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor gradient = parameters_[i].grad();
    if (!gradient.defined()) continue;
    optimiser_ == Optimiser::adam ? adam(i, gradient) : void(parameters_[i].add_(gradient, -kRate));
    parameters_[i].mutable_grad().reset();
  }
}

void Optimisation::adam(std::size_t i, const Tensor& gradient) {
  means_[i].mul_(kFirst).add_(gradient, 1 - kFirst);
  squares_[i].mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
  const double first = 1 - std::pow(kFirst, steps_), second = 1 - std::pow(kSecond, steps_);
  const Tensor root = (squares_[i].sqrt() / std::sqrt(second)).add_(kEpsilon);
  parameters_[i].addcdiv_(means_[i], root, -kRate / first);
}

}  // namespace ridgeline
