// Follows the code of a TorchScript module. Internal to calib/live.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "calib/live/tape_recorder.hpp"

namespace torch::jit {
struct Block;
struct Value;
}  // namespace torch::jit

namespace ridgeline {

class Follower {
 public:
  /// InputError about `file` from here on.
  Follower(std::string file, const torch::jit::Module& module, const TapeRecorder::Shapes& shapes, Tape& tape);

  /// Calls `forward` with these, in the order of their names.
  void run(const torch::jit::Module& module, std::vector<c10::IValue> inputs, const std::vector<std::string>& names);

 private:
  using Stack = std::vector<c10::IValue>;
  /// One function that is running.
  struct Frame {
    std::unordered_map<const torch::jit::Value*, c10::IValue> values;
    std::string module;  ///< "encoder.layer.0"
    int depth = 0;
  };

  Stack run_block(const torch::jit::Block& block, Frame& frame);
  void run_node(const torch::jit::Node& node, Frame& frame);
  bool run_structure(const torch::jit::Node& node, const Stack& operands, Stack& results, Frame& frame);
  Stack run_function(const torch::jit::Node& node, const Stack& operands, const Frame& frame);
  void run_loop(const torch::jit::Node& node, const Stack& operands, Stack& results, Frame& frame);
  void run_plainly(const torch::jit::Node& node, const Stack& operands, Stack& results, const Frame& frame);
  void run_on_sizes(const torch::jit::Node& node, const Stack& operands, Stack& results, const Frame& frame);
  void step(const torch::jit::Node& node, const Frame& frame);
  [[noreturn]] void fail(const torch::jit::Node& node, const Frame& frame, const std::string& problem,
                         const std::string& hint = {}) const;

  std::string file_;
  Tape& tape_;
  TapeRecorder recorder_;
  std::unordered_map<const void*, std::string> modules_;  ///< objects' paths
  std::size_t steps_ = 0;
};

}  // namespace ridgeline
