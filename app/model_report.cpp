#include "app/model_report.hpp"

#include <boost/range/iterator_range.hpp>

#include <algorithm>
#include <array>

#include "app/scenario.hpp"
#include "base/error.hpp"
#include "model/lowering.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"

namespace ridgeline {

namespace {

/// Decoders generate as many tokens as others read, as in the survey's tables.
std::vector<SurveyRow> survey_rows(const Architecture& architecture, Size length) {
  const SurveyCounts counts =
      architecture.decoder_only() ? survey_generation(architecture, length) : survey_pass(architecture, length);
  return {{"projections", counts.projections},
          {"activation to activation", counts.act_to_act},
          {"feed-forward", counts.feed_forward},
          {"other", counts.other},
          {"total", counts.total()}};
}

}  // namespace

ModelReport make_model_report(const ModelsOptions& options) {
  ModelReport report;
  const std::vector<std::string> zoo = zoo_names();
  if (std::find(zoo.begin(), zoo.end(), options.name) != zoo.end()) {
    const ZooModel model = zoo_model(options.name);
    report.model = model.architecture;
    report.title = model.title;
    report.source = model.source;
    report.published_parameters = model.published_parameters;
    report.parameters_source = model.parameters_source;
  } else {
    report.model = load_model_or_graph(options.name);
  }
  report.parameters = parameter_count(report.model);
  report.workload = choose_workload(options.workload, report.model);
  const Program program = lower(report.model, report.workload);
  std::array<KindWork, kOperatorKinds + 1> kinds;  // the last: unknown ones
  for (const Phase& phase : program.phases) {
    for (const OperatorVertex vertex : boost::make_iterator_range(vertices(phase.graph))) {
      const Operator& op = phase.graph[vertex].op;
      KindWork& kind = kinds[is_unknown(op) ? kOperatorKinds : op.index()];
      kind.kind = kind_name(op);
      kind.operators += phase.repeats;
      kind.work = kind.work + static_cast<double>(phase.repeats) * work(op, report.workload.numerics);
    }
  }
  for (KindWork& kind : kinds) {
    report.total = report.total + kind.work;
    if (kind.work.bytes().si() > 0) report.kinds.push_back(std::move(kind));
  }
  std::stable_sort(report.kinds.begin(), report.kinds.end(),
                   [](const KindWork& a, const KindWork& b) { return a.work.flops() > b.work.flops(); });
  if (options.counting == Counting::survey) {
    const auto* architecture = std::get_if<Architecture>(&report.model);
    if (!architecture)
      throw InputError({"--counting", 0, 0, ""},
                       "the survey counts architectures, and this model is given by its operators");
    report.survey = survey_rows(*architecture, report.workload.length);
  }
  return report;
}

}  // namespace ridgeline
