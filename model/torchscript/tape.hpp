// What a TorchScript model does: calls of operators on tensors of known sizes, in the order in which it makes them.
// calib/live/torchscript.hpp reads files as tapes; nothing here needs libtorch.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/conversion/source.hpp"

namespace ridgeline {

/// None; a number, or a truth value as 0 and 1; a real number; a word; numbers; a tensor; tensors.
using TapeArgument = std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                  const SourceTensor*, std::vector<const SourceTensor*>>;

struct TapeCall {
  std::string op;    ///< "aten::linear"
  std::string name;  ///< unique: of the module that has its weights, else "MODULE/OPERATOR"
  std::vector<std::pair<std::string, TapeArgument>> arguments;  ///< as the operator names them
  std::vector<const SourceTensor*> inputs, outputs;
  bool in_place = false;    ///< writes into an operand
  bool only_views = false;  ///< all results are in the memory of operands, where nothing was written

  /// "aten::add_" -> "add"
  std::string plain_name() const;
  /// Null: there is no such argument, or it is of another kind.
  template <class T>
  const T* argument(std::string_view wanted) const {
    for (const auto& [own, value] : arguments)
      if (own == wanted) return std::get_if<T>(&value);
    return nullptr;
  }
  const SourceTensor* tensor(std::string_view wanted) const;  ///< null: left out
  std::int64_t number(std::string_view wanted, std::int64_t otherwise) const;
  double real(std::string_view wanted, double otherwise) const;  ///< a whole number as well
};

struct Tape {
  std::string source;                ///< what made the file, in words
  std::deque<SourceTensor> tensors;  ///< that pointers refer to
  std::vector<const SourceTensor*> inputs, outputs;
  std::vector<TapeCall> calls;  ///< without those whose results are known beforehand
};

}  // namespace ridgeline
