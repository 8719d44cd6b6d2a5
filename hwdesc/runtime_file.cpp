#include <fmt/format.h>

#include "hwdesc/device_file.hpp"
#include "hwdesc/sourced.hpp"

namespace ridgeline {
namespace {

Fusion read_fusion(const Node& node) {
  if (node.text() == "none") return Fusion::none;
  if (node.text() == "typical") return Fusion::typical;
  if (node.text() == "flash-attention") return Fusion::flash_attention;
  throw_unknown_name(node.location(), "fusion", node.text(), {"none", "typical", "flash-attention"});
}

KernelQuality read_kernels(const Node& node, std::string architecture, SourcedReader& reader) {
  node.allow_only({"matrix", "vector", "bandwidth", "threads", "packs_weights", "source", "derived"});
  KernelQuality quality;
  quality.architecture = std::move(architecture);
  if (const Node* matrix = reader.read_optional(node, "matrix")) quality.matrix = share(*matrix);
  if (const Node* vector = reader.read_optional(node, "vector")) quality.vector = share(*vector);
  if (const Node* bandwidth = reader.read_optional(node, "bandwidth")) quality.bandwidth = share(*bandwidth);
  if (const Node* threads = reader.read_optional(node, "threads"))
    quality.threads = static_cast<int>(threads->integer_in(1, 100000));
  if (const Node* packs = reader.read_optional(node, "packs_weights")) quality.packs_weights = packs->boolean();
  return quality;
}

}  // namespace

Runtime parse_runtime(const Node& document) {
  document.allow_only({"name", "title", "aliases", "sources", "dispatch", "fusion", "runs_views", "kernels"});
  SourcedReader reader(document);
  Runtime runtime;
  runtime.name = document.at("name").text();
  runtime.title = document.at("title").text();
  if (const Node* aliases = document.find("aliases"))
    for (const Node& alias : aliases->items()) runtime.aliases.push_back(alias.text());

  const Node& dispatch = document.at("dispatch");
  dispatch.allow_only({"kernel", "view", "source", "derived"});
  // An ideal runtime takes no time at all, which is no positive quantity: it says "none".
  const auto time = [&](std::string_view key) {
    const Node& value = reader.read(dispatch, key);
    return value.text() == "none" ? Seconds{} : quantity_in(value, Seconds(1e-9), Seconds(1));
  };
  runtime.dispatch_kernel = time("kernel");
  runtime.dispatch_view = time("view");
  if (runtime.dispatch_view > runtime.dispatch_kernel)
    dispatch.at("view").fail("a view takes no longer to dispatch than a kernel");
  runtime.fusion = read_fusion(document.at("fusion"));
  runtime.runs_views = document.at("runs_views").boolean();
  if (const Node* kernels = document.find("kernels"))
    for (const std::string& key : kernels->keys())
      runtime.kernels.push_back(read_kernels(kernels->at(key), key, reader));
  runtime.sources = reader.sources();
  runtime.facts = std::move(reader.facts());
  return runtime;
}

}  // namespace ridgeline
