#include <limits>

#include "data/import.hpp"
#include "model/zoo.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

Measurement row(std::string id, double latency, double energy = 2, double power = 3) {
  static const Architecture model = zoo_model("bert-tiny").architecture;
  Measurement result;
  result.id = std::move(id);
  result.definition = model;
  result.latency = MeasuredValue{latency, 0.01};
  result.energy = MeasuredValue{energy, std::nullopt};
  result.peak_power = MeasuredValue{power, std::nullopt};
  return result;
}

std::vector<std::string> reasons(MeasurementSet& set) {
  exclude_unusable(set);
  std::vector<std::string> all;
  for (const Exclusion& exclusion : set.excluded) all.push_back(exclusion.id + ": " + exclusion.reason);
  return all;
}

TEST(Usable, NamesWhatIsWrong) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  MeasurementSet set;
  set.rows = {row("good", 1), row("a", nan),  row("b", 0),       row("c", -0.5),
              row("d", inf),  row("e", 1, 0), row("f", 1, 2, -1)};
  set.rows.push_back(row("g", 1));
  set.rows.back().latency->standard_deviation = -1;
  set.rows.push_back(row("h", 1));
  set.rows.back().energy->standard_deviation = nan;
  set.rows.emplace_back().id = "i";
  set.rows.push_back(row("j", 1));
  set.rows.back().parts = {{"encoder", {0, std::nullopt}}, {"decode", {1, std::nullopt}}};
  EXPECT_EQ(reasons(set),
            (std::vector<std::string>{"a: latency is not a number", "b: latency is not positive: 0 s",
                                      "c: latency is not positive: -0.5 s", "d: latency is infinite",
                                      "e: energy is not positive: 0 J", "f: peak power is not positive: -1 W",
                                      "g: standard deviation of latency is negative: -1 s",
                                      "h: standard deviation of energy is not a finite number",
                                      "i: nothing was measured", "j: encoder latency is not positive: 0 s"}));
  ASSERT_EQ(set.rows.size(), 1u);
  EXPECT_EQ(set.rows[0].id, "good");
}

TEST(Usable, RowsThatRepeatEverythingAreDuplicatesOfTheFirst) {
  MeasurementSet set;
  set.rows = {row("a", 1), row("b", 2), row("c", 1), row("d", 1, 4), row("e", 1), row("f", 1), row("g", 1)};
  set.rows[4].workload.batch = 2;
  set.rows[5].conditions = {{"governor", "powersave"}};
  set.rows[6].definition = zoo_model("bert-mini").architecture;
  EXPECT_EQ(reasons(set), std::vector<std::string>{"c: duplicate of a"});
  EXPECT_EQ(set.rows.size(), 6u);
}

TEST(Usable, AllRowsEqualLeavesOne) {
  MeasurementSet set;
  for (int i = 0; i < 5; ++i) set.rows.push_back(row(std::to_string(i), 1));
  EXPECT_EQ(reasons(set).size(), 4u);
  EXPECT_EQ(set.rows.size(), 1u);
}

TEST(Usable, AgainChangesNothing) {
  MeasurementSet set;
  set.rows = {row("a", 1), row("b", 0)};
  exclude_unusable(set);
  exclude_unusable(set);
  EXPECT_EQ(set.rows.size(), 1u);
  EXPECT_EQ(set.excluded.size(), 1u);
}

}  // namespace
}  // namespace ridgeline
