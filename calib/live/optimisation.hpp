// The last step of training.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/workload.hpp"

namespace ridgeline {

/// Adam as torch.optim.Adam runs it for one tensor after the other (PyTorch 1.13, _single_tensor_adam), or SGD.
class Optimisation {
 public:
  Optimisation(std::vector<at::Tensor> parameters, Optimiser optimiser);
  /// By the gradients that the parameters have, which are gone then.
  void step();

 private:
  void adam(std::size_t i, const at::Tensor& gradient);

  std::vector<at::Tensor> parameters_, means_, squares_;
  Optimiser optimiser_;
  int steps_ = 0;
};

}  // namespace ridgeline
