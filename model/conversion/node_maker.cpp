#include "model/conversion/node_maker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ridgeline {

Size learned_numbers(const SourceTensor* tensor) {
  return tensor && tensor->learned && tensor->stored && !tensor->is_number() ? tensor->elements() : 0;
}

NodeMaker::NodeMaker(Tensors inputs, Tensors outputs, double activation_bytes)
    : inputs_(std::move(inputs)), outputs_(std::move(outputs)), activation_bytes_(activation_bytes) {
  const auto first = std::find_if(outputs_.begin(), outputs_.end(), [](const SourceTensor* t) { return t; });
  if (first != outputs_.end()) out_ = *first;
}

Size NodeMaker::all_elements() const {
  Size all = 0;
  for (const SourceTensor* output : outputs_) all += output ? output->elements() : 0;
  return all;
}

ConvertedNode NodeMaker::of(const Operator& op) {
  before(op);
  return std::move(result_);
}

Size NodeMaker::take_learned(const SourceTensor* except) {
  Size all = 0;
  for (const SourceTensor* input : inputs_) {
    const Size own = input == except ? 0 : learned_numbers(input);
    all += own;
    if (own > 0 && (!result_.weights || own > result_.weights->elements())) result_.weights = input;
  }
  return all;
}

ConvertedNode NodeMaker::unknown(const std::string& name) {
  const auto bytes = [](const SourceTensor* t) { return t->element_bytes * static_cast<double>(t->elements()); };
  const auto counted = [&](double all) { return static_cast<Size>(std::ceil(all / activation_bytes_)); };
  double read = 0, written = 0;
  for (const SourceTensor* input : inputs_)
    if (input && !input->known) read += bytes(input);
  for (const SourceTensor* output : outputs_)
    if (output) written += bytes(output);
  result_ = {.unknown = name};
  return of(Copy{.movement = Movement::unknown,
                 .elements = counted(written),
                 .parameters = take_learned(),
                 .source = counted(read)});
}

ConvertedNode NodeMaker::elementwise(Function function) {
  const auto full = std::count_if(inputs_.begin(), inputs_.end(), [&](const SourceTensor* input) {
    return input && !input->known && input->elements() == elements();
  });
  return of(Elementwise{.function = function,
                        .elements = elements(),
                        .operands = static_cast<int>(std::max<std::ptrdiff_t>(full, 1)),
                        .parameters = take_learned()});
}

ConvertedNode NodeMaker::add() {
  const Size last = out_->shape.empty() ? 1 : out_->shape.back();
  const bool bias = std::any_of(inputs_.begin(), inputs_.end(), [&](const SourceTensor* t) {
    return learned_numbers(t) == last && t && t->elements() < elements() && !t->shape.empty() &&
           t->shape.back() == last;
  });
  return elementwise(bias ? Function::bias : Function::add);
}

ConvertedNode NodeMaker::statistics(Size rows) {
  before(Reduction{rows, 2 * elements() / rows});
  return of(Elementwise{.function = Function::scale, .elements = elements(), .parameters = take_learned(input(0))});
}

ConvertedNode NodeMaker::normalised(NormKind kind, Size columns) {
  take_learned(input(0));
  return of(Normalisation{kind, elements() / columns, columns});
}

ConvertedNode NodeMaker::reduction() {
  return of(Reduction{elements(), std::max<Size>(1, input_elements() / elements())});
}

ConvertedNode NodeMaker::moved(Movement movement) {
  return of(Copy{.movement = movement, .elements = all_elements()});
}

ConvertedNode NodeMaker::concatenated() {
  return of(Copy{
      .movement = Movement::concatenate, .elements = elements(), .parameters = std::min(take_learned(), elements())});
}

ConvertedNode NodeMaker::repeated() {
  return of(
      Copy{.movement = Movement::expand, .elements = elements(), .source = std::max<Size>(input_elements(), 1)});
}

ConvertedNode NodeMaker::scattered(const SourceTensor* updates) {
  const Size written = updates ? updates->elements() : elements();
  return of(Copy{.movement = Movement::scatter, .elements = std::max<Size>(written, 1)});
}

ConvertedNode NodeMaker::looked_up(const SourceTensor& table) {
  const Size width = table.elements() / table.shape[0];
  set_weights(&table);
  return of(Embedding{.lookups = elements() / width, .width = width, .vocabulary = table.shape[0]});
}

}  // namespace ridgeline
