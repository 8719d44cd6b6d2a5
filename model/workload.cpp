#include "model/workload.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

namespace ridgeline {
namespace {

void check_range(std::string_view field, Size value, Size low, Size high) {
  if (value < low || value > high)
    throw Error(fmt::format("workload: {} must be between {} and {}, not {}", field, low, high, value));
}

}  // namespace

std::string_view name(Task task) {
  constexpr std::array<std::string_view, 5> names{"encode", "prefill", "decode", "generate", "train"};
  return names.at(static_cast<std::size_t>(task));
}

Task parse_task(const InputLocation& location, std::string_view text) {
  std::vector<std::string> names;
  for (const Task task : kTasks) {
    if (name(task) == text) return task;
    names.emplace_back(name(task));
  }
  throw_unknown_name(location, "task", text, names);
}

Task usual_task(const Architecture& architecture) {
  if (architecture.encoder_only()) return Task::encode;
  return architecture.decoder_only() ? Task::prefill : Task::generate;
}

void check(const Workload& workload) {
  check_range("batch", workload.batch, 1, 1'000'000);
  check_range("length", workload.length, 1, 1'000'000);
  check_range("beams", workload.beams, 1, 64);
  const bool generates = workload.task == Task::generate;
  check_range("new_tokens", workload.new_tokens, generates ? 1 : 0, 1'000'000);
}

}  // namespace ridgeline
