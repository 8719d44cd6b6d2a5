// What is measured: tables, spaces, and the blocks of models.
#include "calib/measuring/plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "model/lowering_parts.hpp"
#include "tests/calib/measuring/recorded_tree.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(Plan, SpacesAreCoveredEvenlyFromTheStart) {
  const auto plan = draw_models("mixed", 64, 1, "libtorch");
  std::set<std::string> ids;
  std::map<std::string, int> families;
  std::map<Size, int> batches;
  for (const PlannedModel& p : plan) {
    ids.insert(p.id);
    ++families[architecture_of(p.definition).family];
    ++batches[p.workload.batch];
    EXPECT_NO_THROW(check(architecture_of(p.definition))) << p.id;
    EXPECT_GE(p.workload.length, 32);
    EXPECT_LE(p.workload.length, 512);
  }
  EXPECT_EQ(ids.size(), plan.size());
  EXPECT_EQ(families, (std::map<std::string, int>{{"bert", 16}, {"flexibert", 16}, {"gpt2", 16}, {"t5", 16}}));
  for (const Size batch : {1, 2, 4, 8}) EXPECT_NEAR(batches[batch], 16, 6) << batch;
  EXPECT_EQ(draw_models("mixed", 64, 1, "libtorch")[63].id, plan[63].id);
  EXPECT_NE(draw_models("mixed", 64, 2, "libtorch")[63].id, plan[63].id);
  EXPECT_EQ(error_of([] { draw_models("brt", 1, 0, "libtorch"); }).find("--models: unknown space 'brt'"), 0u);
}

TEST(Plan, BlocksAreDistinctLayersAndTheHeadGoesWithTheLast) {
  const auto blocks = blocks_of(draw_models("mixed", 32, 1, "libtorch"));
  std::map<std::string, int> heads;
  for (const PlannedModel& b : blocks) {
    EXPECT_NO_THROW(plan(architecture_of(b.definition), b.workload)) << b.id;
    EXPECT_LE(architecture_of(b.definition).encoder.layers.size(), 1u);
    EXPECT_LE(architecture_of(b.definition).decoder.layers.size(), 1u);
    heads[architecture_of(b.definition).family] += architecture_of(b.definition).head == OutputHead{} ? 0 : 1;
  }
  EXPECT_EQ(heads, (std::map<std::string, int>{{"bert", 8}, {"flexibert", 8}, {"gpt2", 8}, {"t5", 8}}));
  EXPECT_GT(blocks.size(), 32u);
  EXPECT_LT(blocks.size(), 120u);
}

TEST(Plan, TablesAreThoseOfMeasurementsWithoutFigures) {
  const PrivateFolder folder;
  const fs::path file = folder.path() / "plan.csv";
  write(file, "model,task,length,batch,new_tokens\nbert-tiny,,64,4,\ngpt2,decode,128,,\nt5-small,,32,1,8\n");
  const auto plan = planned_in(file, "libtorch", Precision::fp32);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].id, "bert-tiny, encode, batch 4, length 64");
  EXPECT_EQ(plan[1].id, "gpt2, decode, batch 1, length 128");
  EXPECT_EQ(plan[2].id, "t5-small, generate, batch 1, length 32, 8 new tokens");
  write(file, "model,length,task\nbert-tiny,64,generate\n");
  EXPECT_NE(error_of([&] { planned_in(file, "libtorch", Precision::fp32); }).find("plan.csv:2: "), std::string::npos);
}

}  // namespace
}  // namespace ridgeline
