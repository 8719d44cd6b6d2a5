// A model's layers in words: "12 × width 768: attention 12 heads of 64; feed-forward 3072 gelu".
#pragma once

#include <string>
#include <vector>

#include "model/given_graph.hpp"

namespace ridgeline {

/// One line for the embeddings, one for every run of equal layers, one for the head.
struct ArchitectureLine {
  std::string part;  ///< "embedding", "encoder", "decoder", "head"; "operators", "inputs", "unknown"
  std::string text;
};
std::vector<ArchitectureLine> describe(const Architecture& architecture);
/// Its operators and where they came from, what it reads, the names of those that nobody knows.
std::vector<ArchitectureLine> describe(const GivenGraph& graph);
std::vector<ArchitectureLine> describe(const Model& model);

}  // namespace ridgeline
