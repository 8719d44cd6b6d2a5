// NeuSight's whole-model latencies (sitar-lab/NeuSight, data/label/GPU/MODEL-inf|train-LENGTH-BATCH[-OPTION].json).
//
// {"num_layer": ..., "e2e_latency": ms, "fw_latency": ms, "bwall_latency": ms} of one batch. What was timed says
// NeuSight's neusight/Tracing/trace.py: CUDA events around the call of a loaded Hugging Face model with eager
// attention and ones for tokens, in fp32 without TF32, 25 times; the mean of the five fastest. `inf`: the model's
// forward pass without gradients; BERT with two labels, decoders with logits and a cache that fills, Switch
// Transformers' encoder and decoder in one pass over LENGTH tokens each. `train`: the forward pass (BERT with its
// pre-training heads) and the backward pass from the loss, which adds to the gradients that are there already; no
// optimiser step. `-fusion`: compiled by torch.compile.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "data/import.hpp"
#include "data/sets.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

struct ModelFileName {
  std::string gpu;  ///< as NeuSight calls it
  std::string model;
  bool training = false;
  Size length = 0;
  Size batch = 0;
  std::string option;  ///< what follows the batch: "fusion", "dp4", ...; mostly empty
};

bool parse_size(std::string_view text, Size& size) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size() && size > 0;
}

ModelFileName parse_model_file_name(const fs::path& file) {
  ModelFileName name;
  name.gpu = fs::absolute(file).parent_path().filename().string();
  const std::string stem = file.stem().string();
  std::array<std::string, 4> words;
  std::size_t start = 0;
  for (std::string& word : words) {
    const std::size_t end = std::min(stem.find('-', start), stem.size());
    if (start < stem.size()) word = stem.substr(start, end - start);
    start = end + 1;
  }
  if (start < stem.size()) name.option = stem.substr(start);
  name.model = words[0];
  name.training = words[1] == "train";
  if (name.model.empty() || (words[1] != "inf" && !name.training) || !parse_size(words[2], name.length) ||
      !parse_size(words[3], name.batch))
    throw InputError({file.string(), 0, 0, {}}, fmt::format("'{}' does not say what was measured", stem),
                     "files of NeuSight are named GPU/MODEL-inf|train-LENGTH-BATCH.json, such as "
                     "Tesla_T4/bert_large-inf-512-8.json");
  return name;
}

/// The folder model_configs/ stands beside the folders of the GPUs, or beside the folder that holds those.
fs::path config_file(const fs::path& file, const std::string& model) {
  const fs::path name = fs::path("model_configs") / (model + ".json");
  const fs::path folder = fs::absolute(file).parent_path();
  for (const fs::path& above : {folder.parent_path().parent_path(), folder.parent_path(), folder})
    if (fs::exists(above / name)) return above / name;
  throw InputError({file.string(), 0, 0, {}}, fmt::format("the model's description {} is missing", name.string()),
                   "it belongs beside the folder of the labels, as in NeuSight's data folder");
}

/// The model as it was measured, which is not always the head that its config names.
Architecture measured_model(const fs::path& file, const ModelFileName& name) {
  Node config = read_document(config_file(file, name.model));
  const Node* type = config.find("model_type");
  if (type != nullptr && type->text() == "bert") {
    config.at("architectures");
    config.set("architectures.0", name.training ? "BertForPreTraining" : "BertForSequenceClassification",
               file.string());
  }
  return parse_model(config, name.model);
}

bool is_encoder_decoder(const Architecture& model) { return !model.encoder_only() && !model.decoder_only(); }

Task task_of(const Architecture& model, const ModelFileName& name) {
  if (name.training) return Task::train;
  if (model.encoder_only()) return Task::encode;
  if (model.decoder_only()) return Task::prefill;
  // Both stacks in one pass over all tokens is what the forward pass of training is.
  return Task::train;
}

Measurement read_row(const fs::path& file, const ModelFileName& name, std::string_view runtime) {
  Measurement row;
  row.id = fmt::format("{}/{}", name.gpu, file.filename().string());
  row.model = name.model;
  Architecture model = measured_model(file, name);
  row.workload = {.task = task_of(model, name), .batch = name.batch, .length = name.length};
  set_runtime(row.workload, runtime);

  const Node document = read_document(file);
  const auto latency = [&](std::string_view key) {
    return MeasuredValue{1e-3 * document.at(key).number() / static_cast<double>(name.batch), std::nullopt};
  };
  if (name.training) {
    add_part(row, "forward", latency("fw_latency"));
    add_part(row, "backward", latency("bwall_latency"));
  } else if (is_encoder_decoder(model)) {
    model.dropout = false;
    add_part(row, "forward", latency("fw_latency"));
  } else {
    row.latency = latency("e2e_latency");
  }
  row.definition = std::move(model);
  return row;
}

MeasurementSet empty_set(const ModelFileName& name, const fs::path& file) {
  const bool compiled = !name.option.empty();
  MeasurementSet set;
  set.name = fmt::format("neusight/{}{}", name.gpu, compiled ? "-" + name.option : "");
  set.device = device_name(name.gpu, {file.string(), 0, 0, {}});
  set.runtime = compiled ? "pytorch-compiled" : "pytorch-eager";
  set.source = "Lee, Phanishayee, Mahajan, NeuSight (ASPLOS 2025); github.com/sitar-lab/NeuSight, MIT";
  return set;
}

}  // namespace

std::vector<MeasurementSet> import_neusight(const std::vector<fs::path>& files) {
  std::vector<MeasurementSet> sets;
  std::map<std::string, std::size_t> set_of_name;
  for (const fs::path& file : files) {
    ModelFileName name = parse_model_file_name(file);
    const std::string option = name.option;
    if (option != "fusion") name.option.clear();
    MeasurementSet fresh = empty_set(name, file);
    const auto [found, is_new] = set_of_name.try_emplace(fresh.name, sets.size());
    if (is_new) sets.push_back(std::move(fresh));
    MeasurementSet& set = sets[found->second];
    if (option != name.option) {
      set.excluded.push_back(
          {fmt::format("{}/{}", name.gpu, file.filename().string()),
           fmt::format("option '{}' is not supported: several GPUs, or another way to run", option)});
      continue;
    }
    Measurement row = read_row(file, name, set.runtime);
    row.order = static_cast<std::int64_t>(set.rows.size());
    set.rows.push_back(std::move(row));
  }
  for (MeasurementSet& set : sets) exclude_unusable(set);
  return sets;
}

}  // namespace ridgeline
