#include "data/measurement.hpp"

#include <fmt/format.h>

namespace ridgeline {

std::string_view name(Protocol protocol) { return protocol == Protocol::warm ? "warm" : "whole-process"; }

std::string to_text(const MeasuredOperator& op) { return fmt::format("{} {} {}", op.phase, op.vertex, op.label); }

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::warm, Protocol::whole_process})
    if (name(protocol) == text) return protocol;
  return std::nullopt;
}

}  // namespace ridgeline
