// HAT's latency files (mit-han-lab/hardware-aware-transformers, latency_dataset/TASK_KIND_DEVICE_all.csv).
//
// Each row: ten numbers that describe a sub-transformer (model/hat_row.hpp) and the mean and standard deviation, in
// ms, of repeated runs without the slowest and fastest tenth (latency_dataset.py). The encoder runs once over a dummy
// sentence, batch 1; the decoder runs as many incremental steps as the sentence is long, with 5 beams that are never
// reordered; logits over the whole dictionary in every step. fp32, PyTorch eager, loaded and warm.
#include <fmt/format.h>

#include <array>

#include "data/csv.hpp"
#include "data/import.hpp"
#include "data/sets.hpp"
#include "model/hat_row.hpp"

namespace ridgeline {
namespace {

constexpr Size kBeams = 5;

/// What latency_dataset.py takes from the translation task. Dictionaries: configs/wmt14.en-de/preprocess.sh
/// (--nwordssrc 32768 --joined-dictionary); those of the other tasks are downloads, their sizes are what fairseq
/// prints when it loads them beside HAT's checkpoints ("[en] dictionary: 44512 types", test_results/ of
/// github.com/ei-ai/HAT; IWSLT: 8848 German and 6632 English types). WMT models have one table for both languages and
/// the output (--share-all-embeddings), IWSLT models have three.
struct TaskSizes {
  std::string_view task;
  Size length;  // dummy_sentence_length and decoder_iterations
  Size source_vocabulary;
  Size target_vocabulary;
};
constexpr std::array kTasks{
    TaskSizes{"wmt14ende", 30, 32768, 32768},
    TaskSizes{"wmt14enfr", 30, 44512, 44512},
    TaskSizes{"wmt19ende", 30, 49600, 49600},
    TaskSizes{"iwslt14deen", 23, 8848, 6632},
};

struct FileName {
  TaskSizes task;
  std::string device;
  std::string set;
};

/// "wmt14ende_cpu_raspberrypi_all"; what follows the device does not matter.
FileName parse_name(const std::filesystem::path& file) {
  const InputLocation place{file.string(), 0, 0, {}};
  const std::string stem = file.stem().string();
  std::array<std::string, 3> words;
  std::size_t start = 0;
  for (std::string& word : words) {
    const std::size_t end = std::min(stem.find('_', start), stem.size());
    if (start < stem.size()) word = stem.substr(start, end - start);
    start = end + 1;
  }
  if (words[2].empty() || (words[1] != "cpu" && words[1] != "gpu"))
    throw InputError(place, fmt::format("'{}' does not say what was measured", stem),
                     "files of HAT are named TASK_cpu|gpu_DEVICE_all.csv, such as wmt14ende_cpu_raspberrypi_all.csv");
  std::vector<std::string> known;
  for (const TaskSizes& task : kTasks) {
    if (task.task == words[0])
      return {task, device_name(words[2], place), fmt::format("{}_{}_{}", words[0], words[1], words[2])};
    known.emplace_back(task.task);
  }
  throw_unknown_name(place, "HAT task", words[0], known);
}

/// IWSLT's tables are three, of two sizes.
void set_vocabulary(Architecture& model, const TaskSizes& task) {
  model.embeddings.vocabulary = task.source_vocabulary;
  if (model.decoder_embeddings) model.decoder_embeddings->vocabulary = task.target_vocabulary;
  if (task.source_vocabulary == task.target_vocabulary) return;
  if (!model.decoder_embeddings) model.decoder_embeddings = model.embeddings;
  model.decoder_embeddings->vocabulary = task.target_vocabulary;
  model.head.tied = false;
}

struct Columns {
  std::array<std::size_t, 10> model;
  std::array<std::size_t, 2> mean, deviation;  // encoder, decoder

  explicit Columns(const CsvTable& table)
      : model{table.at("encoder_embed_dim"),
              table.at("encoder_layer_num"),
              table.at("encoder_ffn_embed_dim_avg"),
              table.at("encoder_self_attention_heads_avg"),
              table.at("decoder_embed_dim"),
              table.at("decoder_layer_num"),
              table.at("decoder_ffn_embed_dim_avg"),
              table.at("decoder_self_attention_heads_avg"),
              table.at("decoder_ende_attention_heads_avg"),
              table.at("decoder_arbitrary_ende_attn_avg")},
        mean{table.at("latency_mean_encoder"), table.at("latency_mean_decoder")},
        deviation{table.at("latency_std_encoder"), table.at("latency_std_decoder")} {}
};

Architecture architecture_of(const CsvTable& table, const CsvRow& row, const Columns& columns, std::string name) {
  std::array<double, 10> v;
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = table.number(row, columns.model[i]);
  try {
    return hat_row_architecture({v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]}, std::move(name));
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {
    throw InputError({table.file, row.line, 0, {}}, error.what());
  }
}

}  // namespace

MeasurementSet import_hat(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  const Columns columns(table);
  const FileName name = parse_name(file);

  MeasurementSet set;
  set.name = name.set;
  set.device = name.device;
  set.runtime = "pytorch-eager";
  set.ordered = true;
  set.source = "Wang et al., HAT (ACL 2020); github.com/mit-han-lab/hardware-aware-transformers, MIT";

  Workload workload{.task = Task::generate,
                    .length = name.task.length,
                    .new_tokens = name.task.length,
                    .beams = kBeams,
                    .reorder_beams = false};
  set_runtime(workload, set.runtime);

  set.rows.reserve(table.rows.size());
  for (const CsvRow& cells : table.rows) {
    Measurement row;
    row.id = fmt::format("{}:{}", file.filename().string(), cells.line);
    row.order = static_cast<std::int64_t>(set.rows.size());
    row.model = fmt::format("{}-{}", name.task.task, row.order);
    Architecture architecture = architecture_of(table, cells, columns, row.model);
    set_vocabulary(architecture, name.task);
    row.definition = std::move(architecture);
    row.workload = workload;
    constexpr std::array<std::string_view, 2> phases{"encoder", "decode"};
    for (std::size_t i = 0; i < phases.size(); ++i)
      add_part(row, std::string(phases[i]),
               {1e-3 * table.number(cells, columns.mean[i]), 1e-3 * table.number(cells, columns.deviation[i])});
    set.rows.push_back(std::move(row));
  }
  exclude_unusable(set);
  return set;
}

}  // namespace ridgeline
