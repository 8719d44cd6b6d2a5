#include "app/models.hpp"

#include <fmt/format.h>

#include "app/architecture_text.hpp"
#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/estimate_output.hpp"
#include "app/format.hpp"
#include "app/json.hpp"
#include "app/model_report.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/units.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"

namespace ridgeline {
namespace {

std::string workload_words(const Workload& w) {
  std::string text = fmt::format("{}, batch {}, length {}", name(w.task), w.batch, w.length);
  if (w.task == Task::generate) text += fmt::format(", {} new tokens", w.new_tokens);
  return text + fmt::format(", {}, fusion {}", describe(w.numerics), name(w.fusion));
}

std::string heading(const ModelReport& report, const Style& style) {
  std::string text = styled(style, Emphasis::bold, name_of(report.model));
  if (!report.title.empty()) text += "  " + report.title;
  text += fmt::format("\n{} parameters", format_count(report.parameters));
  if (report.published_parameters)
    text += *report.published_parameters == report.parameters
                ? ", as published"
                : fmt::format(", published {}", format_count(*report.published_parameters));
  return text + "\n\n";
}

std::string layer_table(const ModelReport& report, const Style& style) {
  Table layers{2, {{}, {.wraps = true}}, {}};
  for (const ArchitectureLine& line : describe(report.model))
    layers.rows.push_back({{line.part, Emphasis::dim}, line.text});
  return render(layers, style);
}

std::string intensity(FlopsPerByte value) { return fmt::format("{:.3g}", value.si()); }

std::string kind_table(const ModelReport& report, const Style& style) {
  const Column number{.right = true};
  Table kinds{2, {{}, number, number, number, number, number}, {}};
  kinds.rows.push_back({"operators", "number", "FLOPs", "share", "bytes", "FLOP/B"});
  for (Cell& cell : kinds.rows.front()) cell.emphasis = Emphasis::bold;
  Size operators = 0;
  for (const KindWork& kind : report.kinds) {
    operators += kind.operators;
    kinds.rows.push_back({kind.kind, format_count(kind.operators), format(kind.work.flops()),
                          format_share(kind.work.flops() / report.total.flops()), format(kind.work.bytes()),
                          intensity(kind.work.arithmetic_intensity())});
  }
  kinds.rows.push_back({"total", format_count(operators), format(report.total.flops()), "",
                        format(report.total.bytes()), intensity(report.total.arithmetic_intensity())});
  return fmt::format("\nWork: {}\n", workload_words(report.workload)) + render(kinds, style);
}

std::string survey_table(const ModelReport& report, const Style& style) {
  const Column number{.right = true};
  Table table{2, {{}, number, number, number}, {{"part", "FLOPs", "bytes", "FLOP/B"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const SurveyRow& row : report.survey)
    table.rows.push_back({row.part, format(Flops(row.count.flops)), format(Bytes(row.count.bytes)),
                          fmt::format("{:.3g}", row.count.arithmetic_intensity())});
  const std::string what =
      std::get<Architecture>(report.model).decoder_only() ? "Generating {} tokens" : "One pass over {} tokens";
  return "\n" +
         paragraph(
             fmt::format(fmt::runtime(what + " as arXiv 2302.14017 counts: one byte an element, no embeddings, no "
                                             "head, no biases"),
                         report.workload.length),
             0, style) +
         render(table, style);
}

std::string detail_text(const ModelReport& report, const Style& style) {
  std::string text = heading(report, style) + layer_table(report, style);
  text += report.survey.empty() ? kind_table(report, style) : survey_table(report, style);
  if (!report.source.empty()) text += "\n" + paragraph("Configuration: " + report.source, 0, style);
  if (!report.parameters_source.empty()) text += paragraph("Parameters: " + report.parameters_source, 0, style);
  return text;
}

Json survey_json(const std::vector<SurveyRow>& survey) {
  Json list = Json::array();
  for (const SurveyRow& row : survey)
    list.push_back({{"part", row.part},
                    {"flops", {{"value", row.count.flops}, {"unit", "FLOP"}}},
                    {"bytes", {{"value", row.count.bytes}, {"unit", "B"}}},
                    {"arithmetic_intensity", {{"value", row.count.arithmetic_intensity()}, {"unit", "FLOP/B"}}}});
  return list;
}

std::string detail_json(const ModelReport& report) {
  Json json = json_document("model");
  json["name"] = name_of(report.model);
  json["title"] = report.title;
  json["family"] = family_of(report.model);
  json["parameters"] = report.parameters;
  json["published_parameters"] = report.published_parameters ? Json(*report.published_parameters) : Json();
  json["source"] = report.source;
  json["parameters_source"] = report.parameters_source;
  json["layers"] = Json::array();
  for (const ArchitectureLine& line : describe(report.model))
    json["layers"].push_back({{"part", line.part}, {"text", line.text}});
  const Workload& w = report.workload;
  json["workload"] = {{"task", name(w.task)},       {"batch", w.batch}, {"length", w.length},
                      {"new_tokens", w.new_tokens}, {"beams", w.beams}, {"precision", describe(w.numerics)},
                      {"fusion", name(w.fusion)}};
  if (!report.survey.empty()) json["survey"] = survey_json(report.survey);
  json["work"] = to_json(report.total);
  json["operator_kinds"] = Json::array();
  for (const KindWork& kind : report.kinds)
    json["operator_kinds"].push_back(
        {{"kind", kind.kind}, {"operators", kind.operators}, {"work", to_json(kind.work)}});
  return dump(json);
}

std::string survey_csv(const std::vector<SurveyRow>& survey) {
  std::string text = "part,flops,bytes,arithmetic_intensity_FLOP_per_B\n";
  for (const SurveyRow& row : survey)
    text += CsvLine()
                .add(row.part)
                .add(row.count.flops)
                .add(row.count.bytes)
                .add(row.count.arithmetic_intensity())
                .text();
  return text;
}

std::string detail_csv(const ModelReport& report) {
  if (!report.survey.empty()) return survey_csv(report.survey);
  std::string text =
      "kind,operators,flops,matrix_flops,vector_flops,transcendental_flops,bytes,weight_bytes,"
      "arithmetic_intensity_FLOP_per_B\n";
  for (const KindWork& kind : report.kinds) {
    const Work& w = kind.work;
    text += CsvLine()
                .add(kind.kind)
                .add(kind.operators)
                .add(w.flops().si())
                .add(w.matrix.si())
                .add(w.vector.si())
                .add(w.transcendental.si())
                .add(w.bytes().si())
                .add(w.weights.si())
                .add(w.arithmetic_intensity().si())
                .text();
  }
  return text;
}

struct ListedModel {
  ZooModel model;
  Size parameters;
};

std::vector<ListedModel> load_models() {
  std::vector<ListedModel> models;
  for (const std::string& name : zoo_names()) {
    ZooModel model = zoo_model(name);
    const Size parameters = parameter_count(model.architecture);
    models.push_back({std::move(model), parameters});
  }
  return models;
}

std::string list_text(const std::vector<ListedModel>& models, const Style& style) {
  Table table{0, {{}, {.wraps = true}, {}, {.right = true}}, {{"name", "title", "family", "parameters"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const ListedModel& listed : models)
    table.rows.push_back({{listed.model.name, Emphasis::bold},
                          listed.model.title,
                          listed.model.architecture.family,
                          format_count(listed.parameters)});
  return render(table, style);
}

std::string list_json(const std::vector<ListedModel>& models) {
  Json json = json_document("models");
  json["models"] = Json::array();
  for (const ListedModel& listed : models)
    json["models"].push_back({{"name", listed.model.name},
                              {"title", listed.model.title},
                              {"family", listed.model.architecture.family},
                              {"parameters", listed.parameters},
                              {"source", listed.model.source}});
  return dump(json);
}

std::string list_csv(const std::vector<ListedModel>& models) {
  std::string text = "name,title,family,parameters,source\n";
  for (const ListedModel& listed : models)
    text += CsvLine()
                .add(listed.model.name)
                .add(listed.model.title)
                .add(listed.model.architecture.family)
                .add(listed.parameters)
                .add(listed.model.source)
                .text();
  return text;
}

Outcome run_models(const ModelsOptions& options, const Session& session) {
  if (options.name.empty()) {
    const std::vector<ListedModel> models = load_models();
    if (options.output == Output::json) return {list_json(models)};
    if (options.output == Output::csv) return {list_csv(models)};
    return {list_text(models, session.style)};
  }
  if (options.yaml) return {to_yaml(load_model_or_graph(options.name))};
  const ModelReport report = make_model_report(options);
  if (options.output == Output::json) return {detail_json(report)};
  if (options.output == Output::csv) return {detail_csv(report)};
  return {detail_text(report, session.style)};
}

constexpr std::array kModelsExamples{
    Example{"ridgeline models", "All models known by name."},
    Example{"ridgeline models bert-base", "Its layers, parameters, FLOPs, bytes and intensity by kind of operator."},
    Example{"ridgeline models bert-base --length 512 --counting survey",
            "Counted as in arXiv 2302.14017 (int8, weights and activations read once)."},
    Example{"ridgeline models bert-base --yaml",
            "Written out in Ridgeline's own format: a start for a model of yours."}};

constexpr CommandHelp kModelsHelp{
    "models", "ridgeline models [NAME] [OPTIONS]", "known models: layers, parameters, FLOPs, intensity",
    "Lists the models, or shows what one consists of and how much work it is, whatever runs it. NAME may be a "
    "file of your own.",
    kModelsExamples};

constexpr std::array kCountings{std::pair<std::string_view, Counting>{"ridgeline", Counting::ridgeline},
                                std::pair<std::string_view, Counting>{"survey", Counting::survey}};

void declare_models(OptionSet& set, ModelsOptions& o) {
  set.word("NAME", o.name);
  add_workload(set, o.workload);
  set.value("Output", "--counting", "CONVENTION", "ridgeline, or survey: as arXiv 2302.14017 counts BERT and GPT-2",
            [&o](const std::string& s) { o.counting = parse_choice("--counting", "convention", s, kCountings); });
  set.flag("Output", "--yaml", "the model in Ridgeline's own format", o.yaml);
  add_output(set, o.output);
}

}  // namespace

Command models_command() { return make_command(kModelsHelp, declare_models, run_models); }

}  // namespace ridgeline
