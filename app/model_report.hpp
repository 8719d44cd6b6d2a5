// What a model consists of and how much work it is, whatever runs it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/models.hpp"
#include "model/given_graph.hpp"
#include "model/survey_counts.hpp"

namespace ridgeline {

/// Operators of one kind over the whole program.
struct KindWork {
  std::string kind;
  Size operators = 0;
  Work work;
};

/// A part of the model in the survey's convention (model/survey_counts.hpp).
struct SurveyRow {
  std::string part;
  SurveyCount count;
};

struct ModelReport {
  Model model;
  std::string title, source;  ///< empty for files
  Size parameters = 0;
  std::optional<Size> published_parameters;
  std::string parameters_source;
  Workload workload;
  std::vector<KindWork> kinds;  ///< most FLOPs first; kinds without work left out
  Work total;
  std::vector<SurveyRow> survey;  ///< only when asked for; the total last
};

/// Of a model by name or a file. Throws InputError or Error as its readers, the lowering and the survey's counting
/// do.
ModelReport make_model_report(const ModelsOptions& options);

}  // namespace ridgeline
