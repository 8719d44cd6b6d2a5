// A phase of a program, ready to be executed: a kernel for each vertex, and which values it reads and leaves.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "calib/live/kernels.hpp"
#include "model/given_graph.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

struct Instruction {
  Kernel kernel;
  std::vector<std::int32_t> operands;
  std::int32_t result;
  std::vector<std::int32_t> last_used;  ///< values that nothing reads any more
};

struct RunnablePhase {
  std::string name;
  Size repeats = 1;
  OperatorGraph graph;
  Values given, results;                                      ///< vertices by value
  std::vector<std::pair<OperatorVertex, at::Tensor>> inputs;  ///< of a graph that was given by its operators
  std::vector<Instruction> instructions;
  std::vector<std::shared_ptr<PartKernels>> parts;
  Size batch = 1;
};

/// `keeps_cache`: a later phase reads keys and values of this one.
RunnablePhase runnable(const PhaseParts& parts, const Workload& workload, bool keeps_cache, Tensors& tensors);
/// The result is that of the last operator.
RunnablePhase runnable(const GivenGraph& given, const Workload& workload, Tensors& tensors);

}  // namespace ridgeline
