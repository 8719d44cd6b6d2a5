#include "app/devices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "app/csv.hpp"
#include "app/facts.hpp"
#include "app/format.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/units.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

/// Matrix rate of the data sheet; empty where the hardware has no path for that format.
std::optional<FlopsPerSecond> matrix_peak(const Device& device, Precision precision) {
  const auto& rate = device.compute[index(Arithmetic::matrix)][index(precision)];
  if (!rate) return std::nullopt;
  return Flops(rate->operations_per_cycle * device.units) * device.clock;
}

std::vector<Device> load_devices() {
  std::vector<Device> devices;
  for (const std::string& name : device_names()) devices.push_back(load_device(name));
  return devices;
}

/// "19.5 T": the unit stands in the header.
std::string number(double value) { return format_short_count(value); }

std::string peak_text(const Device& device, Precision precision) {
  const auto peak = matrix_peak(device, precision);
  return peak ? number(peak->si()) : "—";
}

std::string list_text(const std::vector<Device>& devices, const Style& style) {
  const Column right{.right = true};
  Table table{0, {{}, {.wraps = true}, right, right, right, right, right}, {}};
  table.rows.push_back({"name", "title", "fp32", "fp16", "bandwidth", "memory", "power"});
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  table.rows.push_back({"", "", "FLOP/s", "FLOP/s", "B/s", "B", "W"});
  for (Cell& cell : table.rows.back()) cell.emphasis = Emphasis::dim;
  for (const Device& device : devices) {
    const MemoryLevel& dram = device.memory.back();
    table.rows.push_back({{device.name, Emphasis::bold},
                          device.title,
                          peak_text(device, Precision::fp32),
                          peak_text(device, Precision::fp16),
                          number(dram.bandwidth.si()),
                          number(dram.size.si()),
                          device.power ? fmt::format("{:.3g}", device.power->limit.si()) : "—"});
  }
  return render(table, style) +
         paragraph("\nData-sheet peaks of matrix products; power: the enforced limit or the highest sustained draw.",
                   0, style);
}

std::string detail_text(const Device& device, const Style& style) {
  std::string text = styled(style, Emphasis::bold, device.name) + "  " + device.title + "\n";
  if (!device.aliases.empty())
    text += paragraph(fmt::format("Also known as {}", fmt::join(device.aliases, ", ")), 0, style);
  if (!device.power_modes.empty()) {
    std::vector<std::string> modes;
    for (const PowerMode& mode : device.power_modes) modes.push_back(mode.name);
    text += fmt::format("Power modes {}\n", fmt::join(modes, ", "));
  }
  if (!device.operating_points.empty())
    text += fmt::format("Clock {} to {}\n", format(device.operating_points.front().clock),
                        format(device.operating_points.back().clock));
  text += "\n" + facts_text(device.facts, device.sources, style);
  if (device.not_published.empty()) return text;
  Table missing{2, {{}, {.wraps = true}}, {}};
  for (const Fact& fact : device.not_published) missing.rows.push_back({fact.path, fact.source});
  return text + "\nNot published\n" + render(missing, style);
}

Json rate_or_null(const std::optional<FlopsPerSecond>& rate) { return rate ? Json(rate->si()) : Json(); }

Json to_json(const Device& device) {
  const MemoryLevel& dram = device.memory.back();
  Json json = {{"name", device.name}, {"title", device.title}, {"kind", name(device.kind)}};
  json["architecture"] = device.architecture;
  json["aliases"] = device.aliases;
  json["units"] = device.units;
  json["clock"] = {{"value", device.nominal_clock.si()}, {"unit", "Hz"}};
  for (const Precision precision : kPrecisions)
    json["matrix_peak"][std::string(name(precision))] = {{"value", rate_or_null(matrix_peak(device, precision))},
                                                         {"unit", "FLOP/s"}};
  json["memory_bandwidth"] = {{"value", dram.bandwidth.si()}, {"unit", "B/s"}};
  json["memory"] = {{"value", dram.size.si()}, {"unit", "B"}};
  json["power_limit"] = {{"value", device.power ? Json(device.power->limit.si()) : Json()}, {"unit", "W"}};
  json["power_modes"] = Json::array();
  for (const PowerMode& mode : device.power_modes) json["power_modes"].push_back(mode.name);
  return json;
}

std::string list_json(const std::vector<Device>& devices) {
  Json json = json_document("devices");
  json["devices"] = Json::array();
  for (const Device& device : devices) json["devices"].push_back(to_json(device));
  return dump(json);
}

std::string detail_json(const Device& device) {
  Json json = json_document("device");
  json["device"] = to_json(device);
  json["facts"] = facts_json(device.facts);
  json["not_published"] = Json::object();
  for (const Fact& fact : device.not_published) json["not_published"][fact.path] = fact.source;
  json["sources"] = sources_json(device.sources);
  return dump(json);
}

std::string list_csv(const std::vector<Device>& devices) {
  std::string text = "name,title,kind,architecture,units,clock_Hz";
  for (const Precision precision : kPrecisions) text += fmt::format(",matrix_peak_{}_FLOP_per_s", name(precision));
  text += ",memory_bandwidth_B_per_s,memory_B,power_limit_W\n";
  for (const Device& device : devices) {
    const MemoryLevel& dram = device.memory.back();
    CsvLine line;
    line.add(device.name).add(device.title).add(name(device.kind)).add(device.architecture);
    line.add(static_cast<long>(device.units)).add(device.nominal_clock.si());
    for (const Precision precision : kPrecisions) {
      const auto peak = matrix_peak(device, precision);
      line.add(peak ? std::optional(peak->si()) : std::nullopt);
    }
    line.add(dram.bandwidth.si()).add(dram.size.si());
    line.add(device.power ? std::optional(device.power->limit.si()) : std::nullopt);
    text += line.text();
  }
  return text;
}

Outcome run_devices(const DevicesOptions& options, const Session& session) {
  if (options.name.empty()) {
    const std::vector<Device> devices = load_devices();
    if (options.output == Output::json) return {list_json(devices)};
    if (options.output == Output::csv) return {list_csv(devices)};
    return {list_text(devices, session.style)};
  }
  const Device device = load_device(options.name);
  if (options.output == Output::json) return {detail_json(device)};
  if (options.output == Output::csv) return {facts_csv(device.facts)};
  return {detail_text(device, session.style)};
}

constexpr std::array kDevicesExamples{
    Example{"ridgeline devices", "All devices."},
    Example{"ridgeline devices raspberry-pi-4", "Every number of one device with its source."},
    Example{"ridgeline devices --json", "For scripts."}};

constexpr CommandHelp kDevicesHelp{
    "devices", "ridgeline devices [NAME] [OPTIONS]", "known devices, and the sources of their numbers",
    "Lists the devices, or shows one with the source of every number. NAME may be a file of your own.",
    kDevicesExamples};

void declare_devices(OptionSet& set, DevicesOptions& o) {
  set.word("NAME", o.name);
  add_output(set, o.output);
}

}  // namespace

Command devices_command() { return make_command(kDevicesHelp, declare_devices, run_devices); }

}  // namespace ridgeline
