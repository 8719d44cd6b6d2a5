// Calls of operators, and the tensors that they read and make, as a tape. Internal to calib/live.
//
// A tensor is described anew whenever something is written into it. Whoever reads memory that was written into by
// another name reads both.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "calib/live/sizes.hpp"
#include "model/torchscript/tape.hpp"

namespace torch::jit {
struct Module;
}

namespace ridgeline {

class TapeRecorder {
 public:
  using Shapes = std::map<std::string, std::vector<Size>>;

  /// Tensors of the module are weights. `shapes`: of results that nothing tells, by the name of the call. Error where
  /// a tensor is quantised or sparse.
  TapeRecorder(const torch::jit::Module& module, const Shapes& shapes, Tape& tape);

  const SourceTensor& input(const at::Tensor& tensor, const std::string& name);
  /// A module's own value; tensors lose their numbers unless these may be sizes.
  c10::IValue attribute(const c10::IValue& value);
  /// The tensor's description, and that of what was written into its memory since.
  std::vector<const SourceTensor*> contents(const at::Tensor& tensor);
  /// What the operator makes. Error where operands do not fit; SizeNotTold.
  std::vector<c10::IValue> record(const torch::jit::Node& node, const std::vector<c10::IValue>& operands,
                                  const std::string& module);

 private:
  SourceTensor& make(const at::Tensor& tensor);
  SourceTensor& describe(const at::Tensor& tensor);
  void add_results(TapeCall& call, const std::vector<c10::IValue>& results);
  TapeArgument argument_of(const c10::IValue& value);
  std::string name_of(const TapeCall& call, const std::string& module);

  const Shapes& shapes_;
  Tape& tape_;
  SizeComputer sizes_;
  std::unordered_map<const void*, std::string> weights_;          ///< by where their numbers begin
  std::unordered_map<const void*, SourceTensor*> tensors_;        ///< what a tensor holds now
  std::unordered_map<const SourceTensor*, std::size_t> made_;     ///< when
  std::unordered_map<const void*, const SourceTensor*> written_;  ///< by memory: what was written into it last
  std::unordered_map<const void*, std::vector<SourceTensor*>> by_memory_;
  std::unordered_set<std::string> names_;
  std::vector<at::Tensor> kept_;  ///< no address is used twice
  std::size_t constants_ = 0;
};

}  // namespace ridgeline
