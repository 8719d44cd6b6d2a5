#include "search/accuracy.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "search/accuracy_command.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kSources =
    "sources are glue (published scores), glue:FILE (with EdgeTran's glue_measured.json), bleu:FOLDER (HAT's "
    "sub-transformers), csv:FILE and command:CMD";

struct SourceWords {
  std::string_view kind, argument;
};

SourceWords words_of_source(std::string_view text) {
  if (text == "glue") return {text, ""};
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  for (const std::string_view known : {"glue", "bleu", "csv", "command"})
    if (kind == known && colon != std::string_view::npos && colon + 1 < text.size())
      return {kind, text.substr(colon + 1)};
  throw InputError({"", 0, 0, ""}, fmt::format("unknown source of accuracy '{}'", text), kSources);
}

}  // namespace

LawAccuracy::LawAccuracy(std::string source, const TrainedScores& scores, std::string recipe)
    : info_{.source = std::move(source), .metric = scores.metric},
      recipe_(std::move(recipe)),
      law_(Law::shape, scores.models) {
  const LeaveOneOut result = leave_one_out(scores.models, recipe_);
  info_.supported = result.supported();
  info_.verdict = verdict(result, scores.metric);
}

double LawAccuracy::accuracy(const Architecture& architecture) const { return law_.predict(architecture, recipe_); }

std::filesystem::path default_accuracy_cache() {
  const auto below = [](const char* variable, const char* folder) -> std::filesystem::path {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0' ? std::filesystem::path(value) / folder : std::filesystem::path();
  };
  if (auto cache = below("XDG_CACHE_HOME", "ridgeline/accuracy"); !cache.empty()) return cache;
  if (auto cache = below("HOME", ".cache/ridgeline/accuracy"); !cache.empty()) return cache;
  throw Error("no folder for the answers of commands: neither XDG_CACHE_HOME nor HOME is set");
}

TrainedScores read_scores_of(std::string_view source) {
  const auto [kind, argument] = words_of_source(source);
  if (kind == "glue") return argument.empty() ? published_glue() : read_glue(argument);
  if (kind == "bleu") return read_bleu(argument);
  if (kind == "csv") return read_scores(argument);
  throw InputError({"", 0, 0, ""}, "a command has no scores of its own to judge", "name glue:, bleu: or csv:");
}

AnyAccuracySource make_accuracy_source(std::string_view text, const std::string& family,
                                       const AccuracyOptions& options) {
  const auto [kind, argument] = words_of_source(text);
  if (kind == "command")
    return CommandAccuracy(std::string(argument), options.cache.empty() ? default_accuracy_cache() : options.cache,
                           options.timeout);
  const TrainedScores scores = read_scores_of(text);
  return LawAccuracy(std::string(text), scores, recipe_of_family(scores, family));
}

}  // namespace ridgeline
