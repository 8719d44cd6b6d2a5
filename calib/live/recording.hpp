// A model's run as a list of the calls that libtorch gets, for the agent (calib/live/ridgeline_agent.cpp), which
// makes the same calls on boards that Ridgeline itself cannot be built on.
//
// A thread-local observer of libtorch writes down every call at the outermost level, first while the model is made
// and run once ("setup": weights, inputs, caches), then while it is run again ("run": what is timed, over and over).
// Tensors are numbers; where one dies in the run, the call before says so, so that the agent frees memory when eager
// code does. In JSON:
//
//   {"operators": [["aten::linear", "", ["input", "weight", "bias"]], ...],   name, overload, names of arguments
//    "seed": N,                                                               of libtorch's generator, before "setup"
//    "setup": [[OPERATOR, [ARGUMENT, ...], [RESULT, ...], [FREED, ...]], ...],
//    "run": [...],
//    "result": {"tensor": N, "mean": "0x1.8p-1"}}   of the run; the mean of its absolute values, to compare with
//
// An argument is null, a truth value, an integer, a list of those, or one of {"t": TENSOR}, {"ts": [TENSOR or null,
// ...]}, {"d": "0x1.8p+3"}, {"s": TEXT}, {"device": ""}: wherever the agent runs.
//
// Left out: training, whose backward pass libtorch calls by itself.
#pragma once

#include <cstdint>
#include <string>

#include "model/given_graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// The JSON. Throws as Execution does; Error for training, and for an argument that cannot be written down.
std::string record_calls(const Model& model, const Workload& workload, std::uint64_t seed);

}  // namespace ridgeline
