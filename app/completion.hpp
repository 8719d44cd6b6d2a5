// Shell completion, generated from what the commands say of their options: it knows whatever they know.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct CompletionOptions {
  std::string shell;  ///< "bash", "zsh"
};

Command completion_command();

}  // namespace ridgeline
