// What a node of a model file becomes, as far as that is the same whichever file it comes from.
#pragma once

#include <string>
#include <vector>

#include "model/conversion/source.hpp"

namespace ridgeline {

/// Learned numbers of a tensor: whole numbers are indices and positions, single ones are scales. Of none: 0.
Size learned_numbers(const SourceTensor* tensor);

/// Makes the operators of one node.
class NodeMaker {
 public:
  using Tensors = std::vector<const SourceTensor*>;

  /// Tensors that were left out are null. `activation_bytes`: of an element in the format that the graph's
  /// activations are counted in.
  NodeMaker(Tensors inputs, Tensors outputs, double activation_bytes);

  const Tensors& inputs() const { return inputs_; }
  const SourceTensor* input(std::size_t i) const { return i < inputs_.size() ? inputs_[i] : nullptr; }
  Size input_elements() const { return input(0) ? input(0)->elements() : 0; }
  /// The first result that there is; null where there is none.
  const SourceTensor* out() const { return out_; }
  Size elements() const { return out_ ? out_->elements() : 0; }  ///< of out()
  Size all_elements() const;                                     ///< of all results

  /// One more operator before the last.
  void before(const Operator& op) { result_.operators.push_back(op); }
  /// The last operator, and with it what the node becomes.
  ConvertedNode of(const Operator& op);
  void set_weights(const SourceTensor* weights) { result_.weights = weights; }
  /// Learned numbers of all inputs but one; the largest of these are the node's weights.
  Size take_learned(const SourceTensor* except = nullptr);

  /// Costed by the bytes that it reads and writes.
  ConvertedNode unknown(const std::string& name);
  /// One result of each element; operands are the inputs that are as large.
  ConvertedNode elementwise(Function function);
  /// A bias of the last dimension, or a sum.
  ConvertedNode add();
  /// Mean and variance of every row, then scale and shift.
  ConvertedNode statistics(Size rows);
  /// Learned scales of the last `columns` numbers; the first input is what is normalised.
  ConvertedNode normalised(NormKind kind, Size columns);
  /// Of the first input.
  ConvertedNode reduction();
  ConvertedNode moved(Movement movement);  ///< all results
  ConvertedNode concatenated();
  ConvertedNode repeated();  ///< the first input, as often as the result has room for
  /// Into a place of as many elements; null: the whole result.
  ConvertedNode scattered(const SourceTensor* updates);
  /// Rows of a learned table.
  ConvertedNode looked_up(const SourceTensor& table);

 private:
  Tensors inputs_, outputs_;
  double activation_bytes_;
  const SourceTensor* out_ = nullptr;
  ConvertedNode result_;
};

}  // namespace ridgeline
