#include "model/onnx/convert.hpp"

#include "model/onnx/operators.hpp"
#include "model/onnx/patterns.hpp"

namespace ridgeline {

GivenGraph convert_onnx(const std::filesystem::path& file, const ConvertOptions& options) {
  const ShapedModel model = read_onnx(file, options.questions);
  SourceGraph source{.source = model.source,
                     .inputs = {model.inputs.begin(), model.inputs.end()},
                     .outputs = {model.outputs.begin(), model.outputs.end()},
                     .nodes = {}};
  for (const OnnxNode& node : model.nodes)
    source.nodes.push_back(
        {node.name, {node.inputs.begin(), node.inputs.end()}, {node.outputs.begin(), node.outputs.end()}});
  const auto convert = [&](std::size_t node, double bytes) { return convert_node(model.nodes[node], bytes); };
  GivenGraph graph = assemble(file, source, options, convert);
  if (!options.as_written) put_together(graph);
  return graph;
}

}  // namespace ridgeline
