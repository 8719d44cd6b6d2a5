#include "hwdesc/device_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "hwdesc/rates.hpp"
#include "hwdesc/sourced.hpp"

namespace ridgeline {
namespace {

constexpr std::array kKeys{"name",         "title",   "kind",
                           "architecture", "aliases", "sources",
                           "units",        "clock",   "operating_points",
                           "matrix",       "vector",  "transcendental",
                           "memory",       "host",    "launch_latency",
                           "kernel_floor", "power",   "power_modes",
                           "thermal",      "sensor",  "not_published"};

// What no device of this century leaves; beyond it a number is a slip of the pen.
constexpr Hertz kSlowest{1e6}, kFastest{20e9};
constexpr Bytes kSmallest{256}, kLargest{100e12};
constexpr BytesPerSecond kNarrowest{1e6}, kWidest{1e16};
constexpr Watts kLeast{1e-6}, kMost{1e4};
constexpr int kMostUnits = 100000;

void check_word(const Node& node) { check_device_name(node.location(), node.text()); }

DeviceKind read_kind(const Node& node) {
  for (const DeviceKind kind : {DeviceKind::cpu, DeviceKind::gpu, DeviceKind::npu})
    if (name(kind) == node.text()) return kind;
  throw_unknown_name(node.location(), "kind", node.text(), {"cpu", "gpu", "npu"});
}

Precision read_precision(const Node& engine, const std::string& key) {
  if (const auto precision = parse_precision(key)) return *precision;
  std::vector<std::string> all;
  for (const Precision precision : kPrecisions) all.emplace_back(name(precision));
  throw_unknown_name(engine.at(key).location(), "precision", key, all);
}

ComputeRate read_rate(const Node& node, Arithmetic kind, SourcedReader& reader) {
  node.allow_only(kind == Arithmetic::matrix ? std::vector<std::string>{"per_cycle", "tile", "source", "derived"}
                                             : std::vector<std::string>{"per_cycle", "lanes", "source", "derived"});
  ComputeRate rate;
  rate.operations_per_cycle = number_in(reader.read(node, "per_cycle"), 1e-4, 1e6);
  const auto size = [&](const Node& value) { return static_cast<int>(value.integer_in(1, 4096)); };
  if (const Node* tile = node.find("tile")) {
    tile->allow_only({"rows", "columns", "depth", "source", "derived"});
    rate.tile_rows = size(reader.read(*tile, "rows", &node));
    rate.tile_columns = size(reader.read(*tile, "columns", &node));
    rate.tile_depth = size(reader.read(*tile, "depth", &node));
  }
  if (const Node* lanes = reader.read_optional(node, "lanes")) rate.tile_columns = size(*lanes);
  return rate;
}

void read_compute(const Node& document, Device& device, SourcedReader& reader) {
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental}) {
    const Node& engine = document.at(name(kind));
    if (engine.keys().empty()) engine.fail("expected at least one precision");
    for (const std::string& key : engine.keys())
      device.compute[index(kind)][index(read_precision(engine, key))] = read_rate(engine.at(key), kind, reader);
  }
  // What multiplies matrices in a precision must be able to do the rest of a network there too.
  for (const Precision precision : kPrecisions) {
    const auto& native = device.compute[index(Arithmetic::matrix)];
    if (!native[index(precision)]) continue;
    for (const Arithmetic kind : {Arithmetic::vector, Arithmetic::transcendental})
      if (!find_rate(device, kind, precision))
        document.at(name(kind)).fail(fmt::format("no rate that {} can fall back to", name(precision)));
  }
}

MemoryLevel read_level(const Node& node, std::string name, SourcedReader& reader) {
  node.allow_only({"size", "bandwidth", "per_unit", "follows_clock", "achievable", "energy", "source", "derived"});
  MemoryLevel level;
  level.name = std::move(name);
  level.size = quantity_in(reader.read(node, "size"), kSmallest, kLargest);
  level.bandwidth = quantity_in(reader.read(node, "bandwidth"), kNarrowest, kWidest);
  level.per_unit = node.has("per_unit") && node.at("per_unit").boolean();
  level.follows_clock = node.has("follows_clock") ? node.at("follows_clock").boolean() : level.name != "dram";
  if (const Node* achievable = reader.read_optional(node, "achievable")) level.achievable = share(*achievable);
  if (const Node* energy = reader.read_optional(node, "energy"))
    level.energy = quantity_in(*energy, JoulesPerByte(1e-15), JoulesPerByte(1e-6));
  return level;
}

/// The number below a key that may be annotated.
const Node& bare(const Node& map, std::string_view key) {
  const Node& child = map.at(key);
  return child.is_map() ? child.at("value") : child;
}

void read_memory(const Node& memory, Device& device, SourcedReader& reader) {
  for (const std::string& key : memory.keys()) device.memory.push_back(read_level(memory.at(key), key, reader));
  if (device.memory.empty() || device.memory.back().name != "dram")
    memory.fail("the last level must be 'dram'", "levels are written from the innermost to DRAM");

  const auto total = [&](const MemoryLevel& level) { return level.bandwidth * (level.per_unit ? device.units : 1); };
  // A what-if may ask for more DRAM bandwidth than the caches pass on: the answer is then that they bind.
  if (reader.edited()) return;
  for (std::size_t i = 1; i < device.memory.size(); ++i) {
    const MemoryLevel &inner = device.memory[i - 1], &outer = device.memory[i];
    const Node& value = bare(memory.at(outer.name), "bandwidth");
    if (total(outer) > total(inner) * (1 + 1e-9))
      value.fail(fmt::format("bandwidth rises outwards: {} passes {} in total, {} {}", inner.name,
                             format(total(inner)), outer.name, format(total(outer))));
  }
}

void read_operating_points(const Node& node, Device& device, SourcedReader& reader) {
  node.allow_only({"points", "source", "derived"});
  for (const Node& item : node.at("points").items()) {
    item.allow_only({"clock", "voltage", "idle", "source", "derived"});
    OperatingPoint point;
    point.clock = quantity_in(reader.read(item, "clock", &node), kSlowest, kFastest);
    if (const Node* voltage = reader.read_optional(item, "voltage", &node))
      point.voltage = quantity_in(*voltage, Volts(0.2), Volts(5));
    if (const Node* idle = reader.read_optional(item, "idle", &node)) point.idle = quantity_in(*idle, kLeast, kMost);
    if (!device.operating_points.empty()) {
      const OperatingPoint& before = device.operating_points.back();
      if (point.clock <= before.clock)
        bare(item, "clock")
            .fail(fmt::format("operating points must ascend: {} follows {}", format(point.clock, 4),
                              format(before.clock, 4)));
      if (point.voltage.has_value() != before.voltage.has_value() ||
          point.idle.has_value() != before.idle.has_value())
        item.fail("'voltage' and 'idle' stand at every operating point or at none");
    }
    device.operating_points.push_back(point);
  }
  if (device.operating_points.size() < 2) node.at("points").fail("expected at least two operating points");
}

Power read_power(const Node& node, const Device& device, SourcedReader& reader) {
  node.allow_only({"idle", "limit", "capped", "busy_unit", "energy", "source", "derived"});
  Power power;
  power.idle = quantity_in(reader.read(node, "idle"), kLeast, kMost);
  const Node& limit = reader.read(node, "limit");
  power.limit = quantity_in(limit, kLeast, kMost);
  power.capped = node.at("capped").boolean();
  if (power.limit <= power.idle)
    limit.fail(fmt::format("limit of {} is not above idle of {}", format(power.limit), format(power.idle)));
  if (const Node* busy = reader.read_optional(node, "busy_unit")) {
    power.busy_unit = quantity_in(*busy, kLeast, kMost);
    const Watts all = power.idle + *power.busy_unit * device.units;
    if (all > power.limit && !reader.edited())
      busy->fail(fmt::format("{} units of {} and idle make {}, above the limit of {}", device.units,
                             format(*power.busy_unit), format(all), format(power.limit)));
  }
  if (const Node* energy = node.find("energy")) {
    energy->allow_only({"matrix", "vector", "transcendental"});
    for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental}) {
      const Node* engine = energy->find(name(kind));
      if (engine == nullptr) continue;
      for (const std::string& key : engine->keys()) {
        if (key == "source" || key == "derived") continue;
        power.energy[index(kind)][index(read_precision(*engine, key))] =
            quantity_in(reader.read(*engine, key), JoulesPerFlop(1e-16), JoulesPerFlop(1e-6));
      }
    }
  }
  return power;
}

void read_power_modes(const Node& node, Device& device, SourcedReader& reader) {
  for (const std::string& key : node.keys()) {
    const Node& item = node.at(key);
    item.allow_only({"clock", "units", "limit", "host_speed", "source", "derived"});
    PowerMode mode;
    mode.name = key;
    if (const Node* clock = reader.read_optional(item, "clock", &node))
      mode.clock = quantity_in(*clock, kSlowest, kFastest);
    if (const Node* units = reader.read_optional(item, "units", &node))
      mode.units = static_cast<int>(units->integer_in(1, kMostUnits));
    if (const Node* limit = reader.read_optional(item, "limit", &node))
      mode.limit = quantity_in(*limit, kLeast, kMost);
    if (const Node* speed = reader.read_optional(item, "host_speed", &node))
      mode.host_speed = number_in(*speed, 1e-3, 100);
    if (!mode.clock && !mode.units && !mode.limit) item.fail("a power mode sets 'clock', 'units' or 'limit'");
    device.power_modes.push_back(mode);
  }
}

Thermal read_thermal(const Node& node, SourcedReader& reader) {
  node.allow_only({"resistance", "capacitance", "ambient", "throttle", "source", "derived"});
  Thermal thermal;
  thermal.resistance = quantity_in(reader.read(node, "resistance"), KelvinPerWatt(1e-3), KelvinPerWatt(1e3));
  thermal.capacitance = quantity_in(reader.read(node, "capacitance"), JoulesPerKelvin(1e-3), JoulesPerKelvin(1e6));
  thermal.ambient = quantity_in(reader.read(node, "ambient"), Kelvin(200), Kelvin(400));
  const Node& throttle = reader.read(node, "throttle");
  thermal.throttle = quantity_in(throttle, Kelvin(250), Kelvin(500));
  if (thermal.throttle <= thermal.ambient) throttle.fail("throttle temperature is not above ambient");
  return thermal;
}

Sensor read_sensor(const Node& node, SourcedReader& reader) {
  node.allow_only({"name", "window", "period", "source", "derived"});
  Sensor sensor;
  sensor.name = node.at("name").text();
  sensor.window = quantity_in(reader.read(node, "window"), Seconds(1e-6), Seconds(60));
  sensor.period = quantity_in(reader.read(node, "period"), Seconds(1e-6), Seconds(600));
  return sensor;
}

}  // namespace

void check_device_name(const InputLocation& location, std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), allowed))
    throw InputError(location, fmt::format("expected a word of a-z, 0-9, '-' and '.', found '{}'", text));
}

Device parse_device(const Node& document) {
  document.allow_only({kKeys.begin(), kKeys.end()});
  SourcedReader reader(document);
  Device device;
  check_word(document.at("name"));
  device.name = document.at("name").text();
  device.title = document.at("title").text();
  device.kind = read_kind(document.at("kind"));
  check_word(document.at("architecture"));
  device.architecture = document.at("architecture").text();
  if (const Node* aliases = document.find("aliases"))
    for (const Node& alias : aliases->items()) device.aliases.push_back(alias.text());

  device.units = static_cast<int>(reader.read(document, "units").integer_in(1, kMostUnits));
  const Node& clock = reader.read(document, "clock");
  device.clock = device.nominal_clock = quantity_in(clock, kSlowest, kFastest);
  if (const Node* points = document.find("operating_points")) {
    read_operating_points(*points, device, reader);
    const Hertz low = device.operating_points.front().clock, high = device.operating_points.back().clock;
    if (device.clock < low || device.clock > high)
      clock.fail(fmt::format("clock of {} is outside the operating points, {} to {}", format(device.clock, 4),
                             format(low, 4), format(high, 4)));
  }
  read_compute(document, device, reader);
  read_memory(document.at("memory"), device, reader);

  const Node& host = document.at("host");
  host.allow_only({"speed", "source", "derived"});
  device.host_speed = number_in(reader.read(host, "speed"), 1e-3, 100);
  if (const Node* latency = reader.read_optional(document, "launch_latency"))
    device.launch_latency = quantity_in(*latency, Seconds(1e-9), Seconds(1));
  if (const Node* floor = reader.read_optional(document, "kernel_floor"))
    device.kernel_floor = quantity_in(*floor, Seconds(1e-9), Seconds(1));
  if (const Node* power = document.find("power")) device.power = read_power(*power, device, reader);
  if (const Node* modes = document.find("power_modes")) read_power_modes(*modes, device, reader);
  if (const Node* thermal = document.find("thermal")) device.thermal = read_thermal(*thermal, reader);
  if (const Node* sensor = document.find("sensor")) device.sensor = read_sensor(*sensor, reader);
  device.sources = reader.sources();
  device.facts = std::move(reader.facts());
  if (const Node* missing = document.find("not_published"))
    for (const std::string& part : missing->keys())
      device.not_published.push_back({.path = part, .source = missing->at(part).text()});
  return device;
}

}  // namespace ridgeline
