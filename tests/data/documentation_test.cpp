// docs/data.md tells the truth: its examples are read, and its table names every name.
#include <algorithm>

#include "data/import.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

fs::path source(const std::string& name) { return fs::path(RIDGELINE_SOURCE_DIR) / name; }

/// The first code block of that language.
std::string block(const std::string& language) {
  const std::string document = content(source("docs/data.md"));
  const std::string start = "```" + language + "\n";
  const std::size_t from = document.find(start) + start.size();
  return document.substr(from, document.find("```", from) - from);
}

TEST(DataDocumentation, TheCsvExampleIsTheShippedOne) {
  EXPECT_EQ(block("csv"), content(source("examples/measurements.csv")));
  const std::vector<MeasurementSet> sets = import_table(source("examples/measurements.csv"));
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].rows.size(), 5u);
  EXPECT_TRUE(sets[0].excluded.empty());
  EXPECT_TRUE(sets[0].ordered);
  EXPECT_EQ(sets[0].rows[4].conditions.at("ambient"), "23 degC");
  EXPECT_DOUBLE_EQ(sets[0].rows[4].latency.value().value, 0.634 / 4);
}

TEST(DataDocumentation, TheJsonExampleIsRead) {
  const Folder folder;
  const std::vector<MeasurementSet> sets = import_table(folder.write("example.json", block("json")));
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].source, "invented for this page");
  ASSERT_EQ(sets[0].rows.size(), 3u);
  EXPECT_TRUE(sets[0].excluded.empty());
  EXPECT_EQ(sets[0].rows[2].workload.task, Task::generate);
  EXPECT_DOUBLE_EQ(sets[0].rows[2].latency.value().value, 0.71);
}

}  // namespace
}  // namespace ridgeline
