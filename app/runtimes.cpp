#include "app/runtimes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/facts.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/units.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

std::vector<Runtime> load_runtimes() {
  std::vector<Runtime> runtimes;
  for (const std::string& name : runtime_names()) runtimes.push_back(load_runtime(name));
  return runtimes;
}

std::string dispatch_text(Seconds time) { return time.si() > 0 ? format(time) : "none"; }

std::string list_text(const std::vector<Runtime>& runtimes, const Style& style) {
  Table table{0, {{}, {.wraps = true}, {.right = true}, {}}, {{"name", "title", "dispatch", "fusion"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const Runtime& runtime : runtimes)
    table.rows.push_back({{runtime.name, Emphasis::bold},
                          runtime.title,
                          dispatch_text(runtime.dispatch_kernel),
                          std::string(name(runtime.fusion))});
  return render(table, style) + "\nDispatch: the host's time to issue one operator, on the reference host.\n";
}

std::string detail_text(const Runtime& runtime, const Style& style) {
  std::string text = styled(style, Emphasis::bold, runtime.name) + "  " + runtime.title + "\n";
  if (!runtime.aliases.empty())
    text += paragraph(fmt::format("Also known as {}", fmt::join(runtime.aliases, ", ")), 0, style);
  text += fmt::format("Dispatch of an operator on the reference host: {}, of a view: {}; fusion: {}\n\n",
                      dispatch_text(runtime.dispatch_kernel),
                      runtime.runs_views ? dispatch_text(runtime.dispatch_view) : "not run", name(runtime.fusion));
  return text + facts_text(runtime.facts, runtime.sources, style);
}

Json to_json(const Runtime& runtime) {
  Json json = {{"name", runtime.name}, {"title", runtime.title}, {"aliases", runtime.aliases}};
  json["dispatch_kernel"] = {{"value", runtime.dispatch_kernel.si()}, {"unit", "s"}};
  json["dispatch_view"] = {{"value", runtime.dispatch_view.si()}, {"unit", "s"}};
  json["runs_views"] = runtime.runs_views;
  json["fusion"] = name(runtime.fusion);
  return json;
}

std::string list_json(const std::vector<Runtime>& runtimes) {
  Json json = json_document("runtimes");
  json["runtimes"] = Json::array();
  for (const Runtime& runtime : runtimes) json["runtimes"].push_back(to_json(runtime));
  return dump(json);
}

std::string list_csv(const std::vector<Runtime>& runtimes) {
  std::string text = "name,title,dispatch_kernel_s,dispatch_view_s,runs_views,fusion\n";
  for (const Runtime& r : runtimes)
    text += CsvLine()
                .add(r.name)
                .add(r.title)
                .add(r.dispatch_kernel.si())
                .add(r.dispatch_view.si())
                .add(r.runs_views)
                .add(name(r.fusion))
                .text();
  return text;
}

std::string detail_json(const Runtime& runtime) {
  Json json = json_document("runtime");
  json["runtime"] = to_json(runtime);
  json["facts"] = facts_json(runtime.facts);
  json["sources"] = sources_json(runtime.sources);
  return dump(json);
}

Outcome run_runtimes(const RuntimesOptions& options, const Session& session) {
  if (options.name.empty()) {
    const std::vector<Runtime> runtimes = load_runtimes();
    if (options.output == Output::json) return {list_json(runtimes)};
    if (options.output == Output::csv) return {list_csv(runtimes)};
    return {list_text(runtimes, session.style)};
  }
  const Runtime runtime = load_runtime(options.name);
  if (options.output == Output::json) return {detail_json(runtime)};
  if (options.output == Output::csv) return {facts_csv(runtime.facts)};
  return {detail_text(runtime, session.style)};
}

constexpr std::array kRuntimesExamples{Example{"ridgeline runtimes", "All runtimes."},
                                       Example{"ridgeline runtimes pytorch", "One runtime with its sources."}};

constexpr CommandHelp kRuntimesHelp{
    "runtimes", "ridgeline runtimes [NAME] [OPTIONS]", "known runtimes (PyTorch eager, TensorRT, ...)",
    "Lists the runtimes, or shows one with the source of every number.", kRuntimesExamples};

void declare_runtimes(OptionSet& set, RuntimesOptions& o) {
  set.word("NAME", o.name);
  add_output(set, o.output);
}

}  // namespace

Command runtimes_command() { return make_command(kRuntimesHelp, declare_runtimes, run_runtimes); }

}  // namespace ridgeline
