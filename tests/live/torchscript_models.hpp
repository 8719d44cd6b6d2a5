// TorchScript files for tests. Weights repeat one number, so that files are small whatever the model's size.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline {

struct ScriptWeight {
  std::string name;
  std::vector<Size> shape;
};

/// A module of these methods and fp32 weights.
void save_script(const std::filesystem::path& file, const std::string& methods,
                 const std::vector<ScriptWeight>& weights = {});

struct ScriptSizes {
  Size width, heads, hidden, vocabulary, positions;
  int layers;
};
/// As Hugging Face's BERT with a pooler computes; forward(input_ids, attention_mask, token_type_ids).
void save_bert(const std::filesystem::path& file, const ScriptSizes& sizes);
/// As Hugging Face's GPT-2 computes, its logits from the table of its words; forward(input_ids).
void save_gpt(const std::filesystem::path& file, const ScriptSizes& sizes);
/// What torch.save writes of an object that is no TorchScript module.
void save_pickle(const std::filesystem::path& file);

}  // namespace ridgeline
