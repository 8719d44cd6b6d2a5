// What is asked of a model: one encoder pass, a prefill, a decoding step, a whole generation, a training step.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "hwdesc/runtime.hpp"
#include "model/architecture.hpp"
#include "model/numerics.hpp"
#include "model/operators.hpp"

namespace ridgeline {

enum class Task {
  encode,       ///< one forward pass over `length` tokens (encoder-only; decoder-only: the same as prefill)
  prefill,      ///< decoder-only: a forward pass over the prompt that fills the key/value cache
  decode_step,  ///< one new token with `length` tokens in the cache
  generate,  ///< prefill of `length` tokens, then `new_tokens` steps; encoder-decoder: encoder once, then the steps
  train,     ///< forward, backward and optimiser step over `length` tokens
};

inline constexpr std::array kTasks{Task::encode, Task::prefill, Task::decode_step, Task::generate, Task::train};

std::string_view name(Task task);

/// The task of that name. InputError at `location`, with the names there are, for another.
Task parse_task(const InputLocation& location, std::string_view text);

/// What is meant where nobody says: to encode, to prefill (decoder-only), to generate (encoder-decoder).
Task usual_task(const Architecture& architecture);

struct Workload {
  Task task = Task::encode;
  Size batch = 1;
  Size length = 128;
  Size new_tokens = 0;
  Size beams = 1;
  bool reorder_beams = true;  ///< beam search reorders the cache in every step (HAT's measurements did not)
  Numerics numerics;
  Fusion fusion = Fusion::none;
  bool views = true;  ///< eager frameworks dispatch metadata operators
  Optimiser optimiser = Optimiser::adam;
  friend bool operator==(const Workload&, const Workload&) = default;
};

/// Sizes of 1 to 10^6 tokens, 1 to 10^6 sequences, beams 1 to 64; Error naming the field otherwise.
void check(const Workload& workload);

}  // namespace ridgeline
