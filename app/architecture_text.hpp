// A model's layers in words: "12 × width 768: attention 12 heads of 64; feed-forward 3072 gelu".
#pragma once

#include <string>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline {

/// One line for the embeddings, one for every run of equal layers, one for the head.
struct ArchitectureLine {
  std::string part;  ///< "embedding", "encoder", "decoder", "head"
  std::string text;
};
std::vector<ArchitectureLine> describe(const Architecture& architecture);

}  // namespace ridgeline
