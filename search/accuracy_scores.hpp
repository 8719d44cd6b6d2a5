// Scores of models that somebody really trained: what accuracy laws (search/accuracy_law.hpp) are fitted to.
//
// Scores are fractions of 1: GLUE 0.8378, BLEU 0.284. They compare within one recipe only (training data,
// distillation, what is averaged over), so every score names its recipe. What a predictor said of a model is no
// score: of EdgeTran's files, glue_measured.json holds scores and dataset.json none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline {

struct ScoredModel {
  Architecture architecture;
  double score = 0;
  std::string recipe;
  std::string source;
};

struct TrainedScores {
  std::string metric;  ///< "GLUE", "BLEU", or "accuracy" of a user's own
  std::vector<ScoredModel> models;
};

/// Published scores of BERT-family models (search/scores/glue.yaml, a source for each).
TrainedScores published_glue();

/// The published scores and those of FlexiBERT models in EdgeTran's `glue_measured.json`:
/// {"HASH": {"model_dict": {...}, "glue": "0.81", ...}}; models without a score are left out. InputError for
/// dataset.json, whose scores are a predictor's.
TrainedScores read_glue(const std::filesystem::path& file);

/// HAT's published sub-transformers, *.yml in `folder`; the score is in the name: "...bleu@28.4.yml". InputError for
/// a folder without any.
TrainedScores read_bleu(const std::filesystem::path& folder);

/// A table of the user's: columns model (a name or a file, relative to the table's folder) and accuracy (0 to 1) or
/// accuracy_percent; recipe where there are several. InputError with line and column.
TrainedScores read_scores(const std::filesystem::path& file);

}  // namespace ridgeline
