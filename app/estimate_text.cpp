#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "app/arguments.hpp"
#include "app/estimate_output.hpp"
#include "app/format.hpp"
#include "app/table.hpp"
#include "base/units.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kShownShares = 6;

std::string heading(const Report& report, const Style& style) {
  const std::string title = report.device_title.empty() ? report.device : report.device_title;
  return styled(style, Emphasis::bold, fmt::format("{} on {}", report.model, title)) + "\n" +
         fmt::format("{} parameters; {} on {}: {:.3g} FLOP/B\n", format_words(static_cast<double>(report.parameters)),
                     format(report.work.flops()), format(report.work.bytes()),
                     report.work.arithmetic_intensity().si());
}

std::string fit_line(const Report& report, const Style& style) {
  const std::string sizes = fmt::format("{} of {}", format_value(report.memory), format(report.capacity));
  if (report.fits) return fmt::format("Fits      yes: {}\n", sizes);
  return styled(style, Emphasis::warning, "DOES NOT FIT") +
         fmt::format(": takes {}. The figures below are what it would take with enough memory.\n", sizes);
}

std::string assumption_lines(const Report& report, const Style& style) {
  Table table{0, {{}, {.wraps = true}}, {}};
  table.rows.push_back({"Assumes ", assumptions(report)});
  table.rows.push_back({"Rests on", basis(report)});
  if (!report.overrides.empty()) {
    std::vector<std::string> words;
    for (const Override& change : report.overrides) words.push_back(change.key + "=" + change.value);
    table.rows.push_back({"What if ", fmt::format("{}", fmt::join(words, ", "))});
  }
  for (const std::string& note : report.notes) table.rows.push_back({"Note    ", note});
  return render(table, style);
}

/// The reason most figures share is said once; what has no basis is marked.
/// "1.37 – 3.39 s" beside "1.59 s" is "1.37 – 3.39": the unit stands there already.
std::string without_unit_of(const std::string& value, std::string interval) {
  const std::size_t unit = value.find(' ');
  const bool one_unit = interval.find(' ') == interval.find(" – ");  // else the lower end has its own
  if (one_unit && unit != std::string::npos && interval.ends_with(value.substr(unit)))
    interval.erase(interval.size() - (value.size() - unit));
  return interval;
}

class FigureTable {
 public:
  explicit FigureTable(const Report& report) : intervals_(report.coverage > 0) {
    table_.columns = {{}, {.right = true}};
    std::vector<Cell> header{"", {"value", Emphasis::dim}};
    if (intervals_) {
      table_.columns.push_back({.right = true});
      header.push_back({fmt::format("{:.0f} % interval", 100 * report.coverage), Emphasis::dim});
    }
    table_.columns.push_back({});
    header.push_back({"origin", Emphasis::dim});
    table_.rows.push_back(std::move(header));
  }

  void add(const std::string& label, const Figure& figure) {
    std::vector<Cell> row{label, {format_value(figure), Emphasis::bold}};
    if (intervals_) row.push_back(without_unit_of(format_value(figure), format_interval(figure)));
    std::string origin(figure.value ? name(figure.origin) : "");
    if (!figure.reason.empty() && figure.reason != kNoSpread)
      origin += fmt::format("{}[{}]", origin.empty() ? "" : " ", mark(figure.reason));
    row.push_back({origin, Emphasis::dim});
    no_spread_ = no_spread_ || figure.reason == kNoSpread;
    table_.rows.push_back(std::move(row));
  }

  template <Dimension D>
  void add_part(const std::string& label, Quantity<D> size) {
    if (size.si() > 0) table_.rows.push_back({label, format(size)});
  }

  std::string text(const Style& style) const {
    std::string text = render(table_, style);
    for (std::size_t i = 0; i < reasons_.size(); ++i)
      text += paragraph(fmt::format("[{}] {}", i + 1, reasons_[i]), 2, style);
    if (no_spread_) text += fmt::format("  No interval: {}.\n", kNoSpread);
    return text;
  }

 private:
  std::size_t mark(const std::string& reason) {
    const auto found = std::find(reasons_.begin(), reasons_.end(), reason);
    if (found != reasons_.end()) return static_cast<std::size_t>(found - reasons_.begin()) + 1;
    reasons_.push_back(reason);
    return reasons_.size();
  }

  bool intervals_;
  bool no_spread_ = false;
  Table table_;
  std::vector<std::string> reasons_;
};

std::string phase_label(const PhaseLine& phase) {
  if (phase.repeats == 1) return "  " + phase.name;
  return fmt::format("  {}, {} × {}", phase.name, phase.repeats,
                     format(phase.latency / static_cast<double>(phase.repeats)));
}

std::string figure_table(const Report& report, const Style& style) {
  FigureTable table(report);
  table.add("latency, warm, per batch", report.latency);
  if (report.phases.size() > 1)
    for (const PhaseLine& phase : report.phases) table.add_part(phase_label(phase), phase.latency);
  table.add("latency per sequence", report.latency_per_sequence);
  table.add("throughput", report.throughput);
  table.add("throughput in tokens", report.token_throughput);
  table.add("energy per batch", report.energy);
  table.add("energy per sequence", report.energy_per_sequence);
  table.add("average power", report.average_power);
  table.add("peak power", report.peak_power);
  table.add("energy-delay product", report.energy_delay_product);
  table.add("memory", report.memory);
  table.add_part("  weights", report.memory_parts.weights);
  table.add_part("  key/value cache", report.memory_parts.cache);
  table.add_part("  activations", report.memory_parts.activations);
  table.add_part("  optimiser state", report.memory_parts.optimiser_state);
  table.add("process start-up", report.startup);
  return table.text(style);
}

std::string bar(double share, int full) {
  const int length = static_cast<int>(std::lround(share * full));
  std::string blocks;
  for (int i = 0; i < length; ++i) blocks += "█";
  return blocks;
}

std::string share_tables(const Report& report, const Style& style) {
  Table table{2, {{}, {.right = true}, {}, {}, {.right = true}, {}}, {}};
  table.rows.push_back({{"limited by", Emphasis::bold}, "", "", {"operators", Emphasis::bold}});
  const std::size_t shown = std::min(kShownShares, std::max(report.bounds.size(), report.kinds.size()));
  const int full = style.width < 95 ? 12 : 20;
  const auto add = [full](std::vector<Cell>& row, const std::vector<Share>& shares, std::size_t i) {
    if (i >= shares.size()) return (void)row.insert(row.end(), {"", "", ""});
    const std::string blocks = bar(shares[i].share, full);
    const std::string padding(static_cast<std::size_t>(full) - display_width(blocks), ' ');
    row.insert(row.end(), {shares[i].name, format_share(shares[i].share), blocks + padding});
  };
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<Cell> row;
    add(row, report.bounds, i);
    add(row, report.kinds, i);
    table.rows.push_back(std::move(row));
  }
  return render(table, style);
}

std::string percent(const std::optional<double>& change) {
  return change ? fmt::format("{:+.1f} %", 100 * *change) : "—";
}

std::string change_table(const Report& report, const Style& style) {
  if (report.changes.empty()) return "";
  const Column number{.right = true};
  Table table{2, {{}, {}, number, number, number}, {}};
  table.rows.push_back({{"would help most", Emphasis::bold}, "", "elasticity", "latency", "energy"});
  for (const Change& change : report.changes)
    table.rows.push_back({change.parameter, change.factor > 1 ? "10 % more" : "10 % less",
                          fmt::format("{:.2f}", change.latency_elasticity), percent(change.latency_change),
                          percent(change.energy_change)});
  return "\n" + render(table, style);
}

std::string sustained_lines(const Report& report, const Style& style) {
  if (!report.sustained) return "";
  const SustainedFigures& s = *report.sustained;
  const std::string text =
      s.clock_factor < 1
          ? fmt::format(
                "Sustained  {} per batch: after {} at full clock the device is too hot, and settles at {} of "
                "the clock",
                format_value(s.latency), format(s.full_clock), format_share(s.clock_factor))
          : fmt::format("Sustained  as above: the device stays below its throttle temperature");
  return "\n" + paragraph(text, 2, style);
}

std::string operator_table(const Report& report, const Style& style) {
  if (report.operators.empty()) return "";
  Table table{2, {{}, {.right = true}, {}, {}, {.right = true}, {.right = true}, {.right = true}, {}}, {}};
  table.rows.push_back({"phase", "layer", "operator", "kind", "start", "duration", "FLOP/B", "limited by"});
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const OperatorLine& op : report.operators) {
    const double bytes = op.work.bytes().si();
    table.rows.push_back({op.repeats > 1 ? fmt::format("{} × {}", op.phase, op.repeats) : op.phase,
                          op.layer < 0 ? "" : std::to_string(op.layer), op.label, op.kind, format(op.start),
                          format(op.duration),
                          bytes > 0 ? fmt::format("{:.3g}", op.work.arithmetic_intensity().si()) : "—", op.bound});
  }
  return "\n" + render(table, style);
}

}  // namespace

std::string describe(const Numerics& numerics) {
  std::string text(name(numerics.compute));
  if (numerics.weights != numerics.compute) text += fmt::format(", weights {}", name(numerics.weights));
  if (numerics.activations != numerics.compute) text += fmt::format(", activations {}", name(numerics.activations));
  if (numerics.cache != numerics.activations) text += fmt::format(", cache {}", name(numerics.cache));
  return text;
}

std::string assumptions(const Report& report) {
  const Workload& w = report.workload;
  std::string text = fmt::format("{}, batch {}, length {}", name(w.task), w.batch, w.length);
  if (w.task == Task::generate) text += fmt::format(", {} new tokens", w.new_tokens);
  if (w.beams > 1) text += fmt::format(", {} beams", w.beams);
  text += fmt::format(", {}, runtime {}, fusion {}, {}", describe(w.numerics), report.runtime, name(w.fusion),
                      format(report.clock));
  if (report.clock != report.nominal_clock) text += fmt::format(" (nominal {})", format(report.nominal_clock));
  if (!report.power_mode.empty()) text += fmt::format(", power mode {}", report.power_mode);
  if (report.peak_power.value)
    text += report.sensor_window.si() > 0
                ? fmt::format("; peak power: mean over {} ({})", format(report.sensor_window), report.sensor)
                : "; peak power: instantaneous";
  return text;
}

std::string basis(const Report& report) {
  if (!report.calibration) return fmt::format("data sheets alone ({})", report.why_no_calibration);
  const CalibrationNote& c = *report.calibration;
  std::string text = fmt::format("{} measured rows of {}", c.rows, c.set);
  if (c.protocol == Protocol::whole_process) text += ", whole processes";
  text += c.shipped ? " (shipped calibration; " : fmt::format(" (calibration {}; ", c.file);
  return text + c.source + ")";
}

std::string estimate_text(const Report& report, const Style& style) {
  std::string text = report.fits ? "" : fit_line(report, style) + "\n";
  text += heading(report, style) + "\n";
  text += assumption_lines(report, style);
  if (report.fits) text += fit_line(report, style);
  text += "\n" + figure_table(report, style);
  text += "\n" + share_tables(report, style);
  text += change_table(report, style);
  text += sustained_lines(report, style);
  text += operator_table(report, style);
  return text;
}

}  // namespace ridgeline
