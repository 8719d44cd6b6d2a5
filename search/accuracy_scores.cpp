#include "search/accuracy_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/document.hpp"
#include "data/csv.hpp"
#include "model/readers.hpp"
#include "search/score_files.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

/// Of 0 to 1; EdgeTran's file has its scores as words with blanks around them.
double score_in(const Node& node) {
  std::string_view text = node.text();
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    node.fail(fmt::format("expected a score from 0 to 1, found '{}'", node.text()));
  return value;
}

ScoredModel published(const Node& entry) {
  entry.allow_only({"model", "config", "recipe", "score", "source"});
  const std::string name = entry.at("model").text();
  const Node* config = entry.find("config");
  return {config != nullptr ? parse_model(*config, name) : load_model(name), score_in(entry.at("score")),
          entry.at("recipe").text(), entry.at("source").text()};
}

/// "HAT_wmt14ende_raspberrypi@6.9s_bleu@28.4.yml" -> 0.284
double bleu_in_name(const fs::path& file) {
  const std::string name = file.stem().string();
  const std::size_t at = name.rfind("bleu@");
  double value = 0;
  if (at != std::string::npos) {
    const char *const first = name.data() + at + 5, *const last = name.data() + name.size();
    const auto [end, error] = std::from_chars(first, last, value);
    if (error == std::errc() && end == last && value > 0 && value <= 100) return value / 100;
  }
  throw InputError({file.string(), 0, 0, ""}, "the name of a published sub-transformer ends in its BLEU score",
                   "such as HAT_wmt14ende_raspberrypi@6.9s_bleu@28.4.yml");
}

double score_of(const CsvTable& table, const CsvRow& row, std::size_t column, double whole) {
  const double value = table.number(row, column);
  if (!(value >= 0 && value <= whole))
    table.fail(row, column,
               fmt::format("expected a score from 0 to {:g}, found '{}'", whole, table.text(row, column)));
  return value / whole;
}

}  // namespace

TrainedScores published_glue() {
  const Node document = parse_document(score_files().front().text, std::string(score_files().front().name));
  document.allow_only({"ridgeline", "metric", "recipes", "scores"});
  TrainedScores scores{document.at("metric").text(), {}};
  for (const Node& entry : document.at("scores").items()) scores.models.push_back(published(entry));
  return scores;
}

TrainedScores read_glue(const fs::path& file) {
  const Node document = read_document(file);
  TrainedScores scores = published_glue();
  const std::size_t before = scores.models.size();
  for (const std::string& key : document.keys()) {
    const Node& entry = document.at(key);
    if (entry.is_map() && entry.has("performance"))
      entry.fail("this file's GLUE scores are a predictor's output, not scores of trained models",
                 "name EdgeTran's glue_measured.json");
    const Node& score = entry.at("glue");
    if (score.is_null()) continue;
    scores.models.push_back({parse_flexibert(entry.at("model_dict"), key.substr(0, 8)), score_in(score), "flexibert",
                             "jha-lab/edgetran, glue_measured.json"});
  }
  if (scores.models.size() == before) document.fail("no model with a GLUE score");
  return scores;
}

TrainedScores read_bleu(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw InputError({folder.string(), 0, 0, ""}, "no such folder",
                     "HAT's published sub-transformers are the files of configs/wmt14.en-de/subtransformer");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  std::ranges::sort(files);
  if (files.empty()) throw InputError({folder.string(), 0, 0, ""}, "no sub-transformers (*.yml) in this folder");
  TrainedScores scores{"BLEU", {}};
  for (const fs::path& file : files)
    scores.models.push_back({parse_hat(read_document(file), file.stem().string()), bleu_in_name(file), "hat",
                             "mit-han-lab/hardware-aware-transformers, " + file.filename().string()});
  return scores;
}

TrainedScores read_scores(const fs::path& file) {
  const CsvTable table = read_csv(file);
  const std::size_t model = table.at("model");
  const std::optional<std::size_t> percent = table.find("accuracy_percent");
  const std::size_t accuracy = percent ? *percent : table.at("accuracy");
  if (percent && table.find("accuracy"))
    throw InputError({table.file, 1, 0, ""}, "both accuracy and accuracy_percent; one of them is enough");
  const std::optional<std::size_t> recipe = table.find("recipe");
  TrainedScores scores{"accuracy", {}};
  for (const CsvRow& row : table.rows) {
    const std::string name(table.text(row, model));
    const fs::path beside = file.parent_path() / name;
    try {
      scores.models.push_back({load_model(fs::exists(beside) ? beside.string() : name), 0, "", table.file});
    } catch (const InputError& error) {
      if (error.location().file.empty()) table.fail(row, model, error.what());
      throw;
    }
    scores.models.back().score = score_of(table, row, accuracy, percent ? 100 : 1);
    if (recipe) scores.models.back().recipe = table.text(row, *recipe);
  }
  return scores;
}

}  // namespace ridgeline
