#include "app/compare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "app/arguments.hpp"
#include "app/estimate_output.hpp"
#include "app/format.hpp"
#include "app/json.hpp"
#include "app/option_groups.hpp"
#include "app/page.hpp"
#include "app/table.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

/// The number to sort by, ascending; rows without it come last.
double sort_value(const Report& report, SortKey key) {
  constexpr double last = std::numeric_limits<double>::infinity();
  switch (key) {
    case SortKey::none:
      return 0;
    case SortKey::latency:
      return report.latency.value.value_or(last);
    case SortKey::throughput:
      return -report.throughput.value.value_or(-last);
    case SortKey::energy:
      return report.energy.value.value_or(last);
    case SortKey::peak_power:
      return report.peak_power.value.value_or(last);
    case SortKey::memory:
      return report.memory.value.value_or(last);
    case SortKey::energy_delay_product:
      return report.energy_delay_product.value.value_or(last);
  }
  return 0;
}

std::vector<Report> make_reports(const CompareOptions& options, const Session& session) {
  const DataSheetSpread spread = load_data_sheet_spread();
  std::vector<Model> models;
  for (const std::string& name : options.models) models.push_back(load_model_or_graph(name));
  std::vector<std::pair<Device, Runtime>> platforms;
  for (const std::string& name : options.devices) {
    const Device device = prepare_device(name, options.what_if);
    platforms.emplace_back(device, prepare_runtime(options.what_if, device));
  }
  std::vector<Report> reports;
  for (const Model& model : models) {
    for (const auto& [device, runtime] : platforms) {
      try {
        const Scenario scenario = make_scenario(model, device, runtime, options.workload, options.what_if, session);
        reports.push_back(make_report(scenario, spread, false));
      } catch (const Error& error) {
        reports.push_back(problem_report(name_of(model), device.name, error.what()));
      }
    }
  }
  // A pair that cannot be is a line of the table; that no pair can be is a mistake in the question.
  if (std::none_of(reports.begin(), reports.end(), [](const Report& report) { return report.problem.empty(); }))
    throw Error(reports.front().problem);
  std::stable_sort(reports.begin(), reports.end(), [&](const Report& a, const Report& b) {
    return sort_value(a, options.sort) < sort_value(b, options.sort);
  });
  return reports;
}

/// A column of the table. What a row assumes is stated once above the table when all rows agree.
struct TextColumn {
  std::string name;
  std::function<std::string(const Report&)> text;
};

std::vector<TextColumn> assumptions() {
  return {{"task", [](const Report& r) { return std::string(name(r.workload.task)); }},
          {"batch", [](const Report& r) { return std::to_string(r.workload.batch); }},
          {"length", [](const Report& r) { return std::to_string(r.workload.length); }},
          {"new tokens",
           [](const Report& r) {
             return r.workload.task == Task::generate ? std::to_string(r.workload.new_tokens) : std::string("—");
           }},
          {"precision", [](const Report& r) { return describe(r.workload.numerics); }},
          {"runtime", [](const Report& r) { return r.runtime; }},
          {"clock",
           [](const Report& r) { return r.clock == r.nominal_clock ? std::string("nominal") : format(r.clock); }}};
}

struct SplitAssumptions {
  std::string common;
  std::vector<TextColumn> columns;
};

SplitAssumptions split(const std::vector<Report>& reports) {
  SplitAssumptions result;
  std::vector<std::string> agreed;
  for (TextColumn& assumption : assumptions()) {
    std::vector<std::string> values;
    for (const Report& report : reports)
      if (report.problem.empty()) values.push_back(assumption.text(report));
    if (values.empty()) continue;
    const bool same = std::all_of(values.begin(), values.end(), [&](const auto& v) { return v == values.front(); });
    if (!same)
      result.columns.push_back(std::move(assumption));
    else if (values.front() != "—")
      agreed.push_back(assumption.name + " " + values.front());
  }
  result.common = fmt::format("{}", fmt::join(agreed, ", "));
  return result;
}

std::string with_unit(const Report& report, const Figure Report::*figure) { return format_value(report.*figure); }

std::vector<TextColumn> result_columns() {
  return {{"latency", [](const Report& r) { return with_unit(r, &Report::latency); }},
          {"energy", [](const Report& r) { return with_unit(r, &Report::energy); }},
          {"peak power", [](const Report& r) { return with_unit(r, &Report::peak_power); }},
          {"memory", [](const Report& r) { return with_unit(r, &Report::memory); }},
          {"EDP", [](const Report& r) { return with_unit(r, &Report::energy_delay_product); }},
          {"limited by", [](const Report& r) { return r.bounds.empty() ? "—" : r.bounds.front().name; }}};
}

Table compare_table(const std::vector<Report>& reports, const std::vector<TextColumn>& assumed,
                    const std::vector<TextColumn>& results) {
  Table table{0, {{}, {}}, {{"model", "device"}}};
  for (const TextColumn& column : assumed) {
    table.columns.push_back({});
    table.rows.front().push_back(column.name);
  }
  for (const TextColumn& column : results) {
    table.columns.push_back({.right = column.name != "limited by"});
    table.rows.front().push_back(column.name);
  }
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const Report& report : reports) {
    std::vector<Cell> row{report.model, report.device};
    for (const TextColumn& column : assumed) row.push_back(report.problem.empty() ? column.text(report) : "—");
    for (const TextColumn& column : results) row.push_back(column.text(report));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::size_t width_of(const std::string& text) {
  std::size_t widest = 0, start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    widest = std::max(widest, display_width(std::string_view(text).substr(start, end - start)));
  return widest;
}

/// What the reader should know about single rows, each said once.
std::vector<std::string> notes_of(const std::vector<Report>& reports) {
  std::vector<std::string> notes;
  const auto add = [&](const std::string& note) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  };
  for (const Report& report : reports) {
    if (!report.problem.empty()) {
      add(fmt::format("{} on {}: {}", report.model, report.device, report.problem));
      continue;
    }
    if (!report.fits)
      add(fmt::format("{} on {}: does not fit, takes {} of {}", report.model, report.device,
                      format_value(report.memory), format(report.capacity)));
    if (!report.energy.value) add(fmt::format("{}: {}", report.device, report.energy.reason));
    for (const std::string& note : report.notes) add(note);
  }
  const bool any =
      std::any_of(reports.begin(), reports.end(), [](const Report& r) { return r.calibration.has_value(); });
  for (const Report& report : reports)
    if (report.calibration)
      add(fmt::format("{} on {} rests on the calibration of {}", report.model, report.device,
                      report.calibration->set));
  if (any) add("all others rest on data sheets alone");
  return notes;
}

/// The last columns give way where the screen is too narrow for all.
std::string compare_text(const std::vector<Report>& reports, const Style& style) {
  const SplitAssumptions assumed = split(reports);
  std::vector<TextColumn> results = result_columns();
  const auto plain = [&] { return render(compare_table(reports, assumed.columns, results), Style{}); };
  while (results.size() > 1 && width_of(plain()) > static_cast<std::size_t>(style.width)) results.pop_back();
  std::string text = assumed.common.empty() ? "" : paragraph("Assumes " + assumed.common, 0, style) + "\n";
  text += render(compare_table(reports, assumed.columns, results), style);
  const std::vector<std::string> notes = notes_of(reports);
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += paragraph(note, 0, style);
  return text;
}

std::string compare_json(const std::vector<Report>& reports) {
  Json json = json_document("compare");
  Json list = Json::array();
  for (const Report& report : reports) {
    Json entry = Json::object();
    if (report.problem.empty()) {
      add_report(entry, report);
      entry["problem"] = nullptr;
    } else {
      entry["model"] = {{"name", report.model}};
      entry["device"] = {{"name", report.device}};
      entry["problem"] = report.problem;
    }
    list.push_back(std::move(entry));
  }
  json["estimates"] = std::move(list);
  return dump(json);
}

std::string print(const std::vector<Report>& reports, Output output, const Style& style) {
  switch (output) {
    case Output::json:
      return compare_json(reports);
    case Output::csv:
      return reports_csv(reports);
    case Output::text:
      break;
  }
  return compare_text(reports, style);
}

Outcome run_compare(const CompareOptions& options, const Session& session) {
  const std::vector<Report> reports = make_reports(options, session);
  Outcome outcome{print(reports, options.output, session.style)};
  if (!options.html.empty())
    outcome.also.push_back({options.html, html_page("Comparison", Json::parse(compare_json(reports)))});
  return outcome;
}

constexpr std::array kCompareExamples{
    Example{"ridgeline compare bert-base distilbert mobilebert --device raspberry-pi-4 --sort latency",
            "Three models on one board, the fastest first."},
    Example{"ridgeline compare bert-base --device raspberry-pi-4,jetson-nano-gpu,m1-gpu --sort energy",
            "One model on three devices, the most frugal first."},
    Example{"ridgeline compare bert-base distilbert --device t4,l4 --batch 8 --csv",
            "A table that pandas.read_csv opens without options."}};

constexpr CommandHelp kCompareHelp{
    "compare", "ridgeline compare MODEL... --device NAME... [OPTIONS]", "models × devices in one table",
    "Estimates every model on every device. A pair that cannot be estimated stays in the table with the "
    "reason.",
    kCompareExamples};

using Key = std::pair<std::string_view, SortKey>;
constexpr std::array kSortKeys{Key{"none", SortKey::none},
                               Key{"latency", SortKey::latency},
                               Key{"throughput", SortKey::throughput},
                               Key{"energy", SortKey::energy},
                               Key{"peak-power", SortKey::peak_power},
                               Key{"memory", SortKey::memory},
                               Key{"edp", SortKey::energy_delay_product}};

void declare_compare(OptionSet& set, CompareOptions& o) {
  set.many_words("MODEL", o.models);
  set.repeatable("Device", "--device", "NAME", "a device or a file of your own; repeatable, or a,b,c",
                 [&o](const Words& words) { o.devices = words; });
  add_workload(set, o.workload);
  add_what_if(set, o.what_if);
  set.value("Output", "--sort", "KEY", "latency, throughput, energy, peak-power, memory or edp; default: as given",
            [&o](const std::string& s) { o.sort = parse_choice("--sort", "sort key", s, kSortKeys); });
  add_output(set, o.output);
  add_html(set, o.html);
  set.check([&o](const CommonOptions&) {
    require(!o.models.empty(), "compare", "MODEL", "models");
    require(!o.devices.empty(), "compare", "--device", "devices");
    o.models = parse_names("MODEL", o.models);
    o.devices = parse_names("--device", o.devices);
  });
}

}  // namespace

Command compare_command() { return make_command(kCompareHelp, declare_compare, run_compare); }

}  // namespace ridgeline
