#include "hwdesc/device_file.hpp"

#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

std::string complaint(std::string_view old, std::string_view changed) {
  return error_of([&] { board(old, changed); });
}

TEST(DeviceFile, ReadsEveryPart) {
  const Device device = board();
  EXPECT_EQ(device.name, "board");
  EXPECT_EQ(device.kind, DeviceKind::cpu);
  EXPECT_EQ(device.architecture, "toy");
  EXPECT_EQ(device.aliases, std::vector<std::string>{"toy-board"});
  EXPECT_EQ(device.units, 4);
  EXPECT_EQ(device.clock, Hertz(1e9));
  EXPECT_EQ(device.nominal_clock, Hertz(1e9));
  ASSERT_EQ(device.operating_points.size(), 2u);
  EXPECT_EQ(device.operating_points[0].voltage, Volts(0.8));
  const auto& matrix = device.compute[index(Arithmetic::matrix)];
  EXPECT_EQ(matrix[index(Precision::fp32)]->operations_per_cycle, 8);
  EXPECT_EQ(matrix[index(Precision::fp32)]->tile_rows, 4);
  EXPECT_EQ(matrix[index(Precision::int8)]->operations_per_cycle, 32);
  EXPECT_FALSE(matrix[index(Precision::fp16)].has_value());
  EXPECT_EQ(device.compute[index(Arithmetic::vector)][index(Precision::fp32)]->tile_columns, 4);
  ASSERT_EQ(device.memory.size(), 3u);
  EXPECT_TRUE(device.memory[0].per_unit);
  EXPECT_EQ(device.memory[0].size, Bytes(32768));
  EXPECT_TRUE(device.memory[1].follows_clock);
  EXPECT_FALSE(device.memory[2].follows_clock);
  EXPECT_EQ(device.memory[2].achievable, 0.5);
  EXPECT_EQ(device.host_speed, 0.5);
  EXPECT_EQ(device.launch_latency, Seconds{});
  ASSERT_TRUE(device.power.has_value());
  EXPECT_EQ(device.power->busy_unit, Watts(1));
  EXPECT_FALSE(device.power->capped);
  EXPECT_FALSE(device.thermal.has_value());
  ASSERT_EQ(device.power_modes.size(), 1u);
  EXPECT_EQ(device.power_modes[0].units, 2);
}

TEST(DeviceFile, KeepsTheSourceOfANumberFromTheNearestMapThatHasOne) {
  const Device device = board();
  const auto fact = [&](std::string_view path) -> const Fact& {
    for (const Fact& candidate : device.facts)
      if (candidate.path == path) return candidate;
    throw std::logic_error("no fact " + std::string(path));
  };
  EXPECT_EQ(fact("clock").value, "1 GHz");
  EXPECT_EQ(fact("clock").source, "A. Author, A Book of Boards");
  EXPECT_FALSE(fact("clock").derived);
  EXPECT_EQ(fact("matrix.int8.per_cycle").source, "four times fp32 [book]");
  EXPECT_TRUE(fact("matrix.int8.per_cycle").derived);
  EXPECT_EQ(fact("matrix.fp32.tile.rows").source, "A. Author, A Book of Boards");
  EXPECT_EQ(fact("operating_points.points.1.voltage").source, "B. Vendor, Data Sheet 7");
  EXPECT_EQ(fact("power.idle").source, "B. Vendor, Data Sheet 7");
}

TEST(DeviceFile, ReadsThermalSensorAndEnergy) {
  const Device device =
      board("power_modes:",
            "thermal: {resistance: 5 K/W, capacitance: 20 J/K, ambient: 25 degC, throttle: 80 degC, "
            "source: book}\nsensor: {name: meter, window: 1 ms, period: 1 s, source: book}\n"
            "power_modes:");
  EXPECT_EQ(device.thermal->resistance, KelvinPerWatt(5));
  EXPECT_NEAR(device.thermal->throttle.si(), 353.15, 1e-9);
  EXPECT_EQ(device.sensor->period, Seconds(1));
  const Device measured = board("  busy_unit: 1 W", "  energy: {matrix: {fp32: 10 pJ/FLOP, source: book}}");
  EXPECT_NEAR(measured.power->energy[index(Arithmetic::matrix)][index(Precision::fp32)]->si(), 10e-12, 1e-24);
}

TEST(DeviceFile, ReadsWhatIsNotPublished) {
  const Device device = board("host:", "not_published: {thermal: nobody measured it}\nhost:");
  EXPECT_EQ(why_missing(device, "thermal"), "nobody measured it");
  EXPECT_EQ(why_missing(device, "power"), "");
}

TEST(DeviceFile, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(
      complaint("clock: {", "clok: {"),
      "board.yaml:10:1: unknown key 'clok'; did you mean 'clock'? the keys are: name, title, kind, architecture, "
      "aliases, sources, units, clock, operating_points, matrix, vector, transcendental, memory, host, "
      "launch_latency, kernel_floor, power, power_modes, thermal, sensor, not_published");
  EXPECT_EQ(complaint("achievable: 0.5", "acheivable: 0.5"),
            "board.yaml:26:42: memory.dram: unknown key 'acheivable'; did you mean 'achievable'? the keys are: size, "
            "bandwidth, per_unit, follows_clock, achievable, energy, source, derived");
  EXPECT_EQ(
      complaint("int8:", "int9:"),
      "board.yaml:18:9: matrix.int9: unknown precision 'int9'; did you mean 'int8'? the precisions are: fp32, tf32, "
      "fp16, bf16, int8, int4");
}

TEST(DeviceFile, NamesTheMissingKey) {
  EXPECT_EQ(
      complaint("clock: {value: 1 GHz, source: book}\n", ""),
      "board.yaml:1:1: missing key 'clock'; the keys here are: name, title, kind, architecture, aliases, sources, "
      "units, operating_points, matrix, vector, transcendental, memory, host, power, power_modes");
}

TEST(DeviceFile, RefusesANumberWithoutSource) {
  EXPECT_EQ(complaint("clock: {value: 1 GHz, source: book}", "clock: 1 GHz"),
            "board.yaml:10:8: clock: missing source; write {value: 1 GHz, source: ID} or {value: 1 GHz, derived: "
            "\"...\"}");
  EXPECT_EQ(complaint("clock: {value: 1 GHz, source: book}", "clock: {value: 1 GHz}"),
            "board.yaml:10:16: clock: missing source; write {value: 1 GHz, source: ID} or {value: 1 GHz, derived: "
            "\"...\"}");
}

TEST(DeviceFile, RefusesSourcesThatAreNotListed) {
  EXPECT_EQ(
      complaint("clock: {value: 1 GHz, source: book}", "clock: {value: 1 GHz, source: bok}"),
      "board.yaml:10:31: clock.source: unknown source 'bok'; did you mean 'book'? the sources are: book, sheet");
  EXPECT_EQ(complaint("four times fp32 [book]", "four times fp32 [boat, sheet]"),
            "board.yaml:18:42: matrix.int8.per_cycle.derived: unknown source 'boat'; the sources are: book, sheet");
  EXPECT_EQ(complaint("four times fp32 [book]", "four times fp32 [book"),
            "board.yaml:18:42: matrix.int8.per_cycle.derived: a '[' without ']'");
  EXPECT_EQ(complaint("source: book}\nclock", "source: []}\nclock"), "board.yaml:9:27: units.source: empty citation");
  EXPECT_EQ(complaint("\"A. Author, A Book of Boards\"", "\"\""), "board.yaml:7:9: sources.book: empty citation");
  EXPECT_EQ(complaint("source: book}\nclock", "source: book, derived: guess}\nclock"),
            "board.yaml:9:27: units.source: a number has either 'source' or 'derived'; cite sources in 'derived' as "
            "[ID]");
}

TEST(DeviceFile, RefusesWrongUnits) {
  EXPECT_EQ(complaint("1 GHz, source: book", "1 GB, source: book"),
            "board.yaml:10:16: clock: wrong unit: expected Hz, found '1 GB' (B)");
  EXPECT_EQ(complaint("1 GHz, source: book", "1000, source: book"),
            "board.yaml:10:16: clock: missing unit: expected Hz, found '1000'");
  EXPECT_EQ(complaint("bandwidth: 10 GB/s", "bandwidth: 10 GB"),
            "board.yaml:26:33: memory.dram.bandwidth: wrong unit: expected B/s, found '10 GB' (B)");
  EXPECT_EQ(complaint("value: 4, source", "value: four, source"),
            "board.yaml:9:16: units: expected an integer, found 'four'");
}

TEST(DeviceFile, RefusesNegativeAndAbsurdNumbers) {
  EXPECT_EQ(complaint("1 GHz, source: book", "-1 GHz, source: book"),
            "board.yaml:10:16: clock: expected a positive quantity, found '-1 GHz'");
  EXPECT_EQ(complaint("1 GHz, source: book", "1 THz, source: book"),
            "board.yaml:10:16: clock: expected from 1.00 MHz to 20.0 GHz, found '1 THz'");
  EXPECT_EQ(complaint("value: 4, source", "value: 0, source"),
            "board.yaml:9:16: units: expected an integer from 1 to 100000, found '0'");
  EXPECT_EQ(complaint("per_cycle: 8", "per_cycle: 0"),
            "board.yaml:17:21: matrix.fp32.per_cycle: expected a number from 0.0001 to 1000000, found '0'");
  EXPECT_EQ(complaint("achievable: 0.5", "achievable: 1.5"),
            "board.yaml:26:54: memory.dram.achievable: expected a share above 0 and at most 1, found '1.5'");
  EXPECT_EQ(complaint("rows: 4", "rows: 5000"),
            "board.yaml:17:37: matrix.fp32.tile.rows: expected an integer from 1 to 4096, found '5000'");
  EXPECT_EQ(complaint("voltage: 0.8 V", "voltage: 80 V"),
            "board.yaml:14:33: operating_points.points.0.voltage: expected from 200 mV to 5.00 V, found '80 V'");
}

TEST(DeviceFile, RefusesContradictions) {
  EXPECT_EQ(
      complaint("bandwidth: 10 GB/s", "bandwidth: 40 GB/s"),
      "board.yaml:26:33: memory.dram.bandwidth: bandwidth rises outwards: l2 passes 32.0 GB/s in total, dram 40.0 "
      "GB/s");
  EXPECT_EQ(
      complaint("clock: 500 MHz, voltage", "clock: 1.5 GHz, voltage"),
      "board.yaml:15:15: operating_points.points.1.clock: operating points must ascend: 1.000 GHz follows 1.500 "
      "GHz");
  EXPECT_EQ(complaint("1 GHz, source: book", "2 GHz, source: book"),
            "board.yaml:10:16: clock: clock of 2.000 GHz is outside the operating points, 500.0 MHz to 1.000 GHz");
  EXPECT_EQ(
      complaint(", voltage: 1 V", ""),
      "board.yaml:15:7: operating_points.points.1: 'voltage' and 'idle' stand at every operating point or at none");
  EXPECT_EQ(complaint("limit: 10 W", "limit: 1.5 W"),
            "board.yaml:31:10: power.limit: limit of 1.50 W is not above idle of 2.00 W");
  EXPECT_EQ(complaint("busy_unit: 1 W", "busy_unit: 3 W"),
            "board.yaml:33:14: power.busy_unit: 4 units of 3.00 W and idle make 14.0 W, above the limit of 10.0 W");
  EXPECT_EQ(complaint("  dram: {", "  hbm: {"),
            "board.yaml:24:3: memory: the last level must be 'dram'; levels are written from the innermost to DRAM");
  EXPECT_EQ(complaint("kind: cpu", "kind: gpx"),
            "board.yaml:3:7: kind: unknown kind 'gpx'; did you mean 'gpu'? the kinds are: cpu, gpu, npu");
  EXPECT_EQ(complaint("name: board", "name: Board 1"),
            "board.yaml:1:7: name: expected a word of a-z, 0-9, '-' and '.', found 'Board 1'");
  EXPECT_EQ(complaint("vector:\n  fp32", "vector:\n  bf16"),
            "board.yaml:20:3: vector: no rate that fp32 can fall back to");
}

TEST(DeviceFile, NamesLineAndColumnOfMalformedYaml) {
  EXPECT_EQ(complaint("units: {value: 4, source: book}", "units: {value: 4, source: book"),
            "board.yaml:10:6: units: malformed YAML: end of map flow not found");
  EXPECT_EQ(complaint("title: A board", "name: A board"),
            "board.yaml:2:1: duplicate key 'name'; it stands first on line 1");
}

}  // namespace
}  // namespace ridgeline
