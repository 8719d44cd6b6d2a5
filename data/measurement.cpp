#include "data/measurement.hpp"

namespace ridgeline {

std::string_view name(Protocol protocol) { return protocol == Protocol::warm ? "warm" : "whole-process"; }

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::warm, Protocol::whole_process})
    if (name(protocol) == text) return protocol;
  return std::nullopt;
}

}  // namespace ridgeline
