// Why a design of a front is there: what each of its choices costs and buys, and what its neighbours do differently.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct ExplainOptions {
  std::string front;
  std::optional<Size> design;  ///< from 1; empty: the knee
  Output output = Output::text;
};

Command explain_command();

}  // namespace ridgeline
