#include "model/torchscript/convert.hpp"

namespace ridgeline {

GivenGraph convert_tape(const std::filesystem::path& file, const Tape& tape, const ConversionOptions& options) {
  SourceGraph source{.source = tape.source, .inputs = tape.inputs, .outputs = tape.outputs, .nodes = {}};
  for (const TapeCall& call : tape.calls) source.nodes.push_back({call.name, call.inputs, call.outputs});
  return assemble(file, source, options,
                  [&](std::size_t node, double bytes) { return convert_call(tape.calls[node], bytes); });
}

}  // namespace ridgeline
