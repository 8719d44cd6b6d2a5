// Accuracy of designs, behind one small interface: where a number comes from, and whether it deserves belief.
//
// Sources are named like files:
//   glue:FILE    EdgeTran's glue_measured.json with published GLUE scores, through a law (search/accuracy_law.hpp)
//   glue         the published scores alone, the same
//   bleu:FOLDER  HAT's published sub-transformers, the same
//   csv:FILE     scores of a user's own models, the same
//   command:CMD  a user's command for each model (search/accuracy_command.hpp)
//
// A law that does not beat a constant and a law of parameters on held-out models is unsupported: a search should then
// show its fronts at fixed capacity (parameters) and leave accuracy out. Whatever a source says of a model is a
// prediction or a user's figure, never a measurement of ours; whoever prints it says which.
#pragma once

#include <concepts>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/quantity.hpp"
#include "model/architecture.hpp"
#include "search/accuracy_law.hpp"

namespace ridgeline {

struct AccuracyInfo {
  std::string source;     ///< "glue:glue_measured.json", as it was asked for
  std::string metric;     ///< "GLUE", "BLEU", "accuracy"
  bool predicted = true;  ///< by a law; else a user's command says it
  bool supported = false;
  std::string verdict;  ///< one sentence, with the figures that it rests on
};

template <class S>
concept AccuracySource = std::copy_constructible<S> && requires(const S& s, const Architecture& a) {
  { s.accuracy(a) } -> std::same_as<double>;  // 0 to 1
  { s.info() } -> std::same_as<const AccuracyInfo&>;
};

/// A small copyable handle to any AccuracySource (shared, immutable).
class AnyAccuracySource {
 public:
  template <class S>
  requires(!std::same_as<S, AnyAccuracySource>) && AccuracySource<S> AnyAccuracySource(S source)
      : own_(std::make_shared<const Own<S>>(std::move(source))) {}
  double accuracy(const Architecture& architecture) const { return own_->accuracy(architecture); }
  const AccuracyInfo& info() const { return own_->info(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual double accuracy(const Architecture& architecture) const = 0;
    virtual const AccuracyInfo& info() const = 0;
  };
  template <class S>
  struct Own final : Interface {
    explicit Own(S s) : source(std::move(s)) {}
    double accuracy(const Architecture& architecture) const override { return source.accuracy(architecture); }
    const AccuracyInfo& info() const override { return source.info(); }
    S source;
  };
  std::shared_ptr<const Interface> own_;
};

/// The shape law of the models of one recipe, judged on construction.
class LawAccuracy {
 public:
  LawAccuracy(std::string source, const TrainedScores& scores, std::string recipe);
  double accuracy(const Architecture& architecture) const;
  const AccuracyInfo& info() const { return info_; }

 private:
  AccuracyInfo info_;
  std::string recipe_;
  AccuracyLaw law_;
};

struct AccuracyOptions {
  std::filesystem::path cache;  ///< folder of the answers of commands; empty: default_accuracy_cache()
  Seconds timeout{3600};        ///< of one command
};

/// $XDG_CACHE_HOME/ridgeline/accuracy or ~/.cache/ridgeline/accuracy; Error when neither variable is set.
std::filesystem::path default_accuracy_cache();

/// Scores behind "glue", "glue:", "bleu:" or "csv:". InputError for other words, and as the readers have it.
TrainedScores read_scores_of(std::string_view source);

/// The source of `text` for models of `family`. InputError for a source without models of that family.
AnyAccuracySource make_accuracy_source(std::string_view text, const std::string& family,
                                       const AccuracyOptions& options = {});

}  // namespace ridgeline
