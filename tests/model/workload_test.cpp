#include "model/workload.hpp"

#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(Workload, TasksHaveNames) {
  EXPECT_EQ(name(Task::encode), "encode");
  EXPECT_EQ(name(Task::prefill), "prefill");
  EXPECT_EQ(name(Task::decode_step), "decode");
  EXPECT_EQ(name(Task::generate), "generate");
  EXPECT_EQ(name(Task::train), "train");
}

TEST(Workload, AcceptsTheLargestAndSmallest) {
  EXPECT_NO_THROW(check(Workload{}));
  EXPECT_NO_THROW(check(Workload{.batch = 1'000'000, .length = 1'000'000, .beams = 64}));
}

TEST(Workload, RejectsSizesOutOfRangeByName) {
  EXPECT_EQ(error_of([] { check(Workload{.batch = 0}); }), "workload: batch must be between 1 and 1000000, not 0");
  EXPECT_EQ(error_of([] { check(Workload{.length = 1'000'000'000'000}); }),
            "workload: length must be between 1 and 1000000, not 1000000000000");
  EXPECT_EQ(error_of([] { check(Workload{.beams = 65}); }), "workload: beams must be between 1 and 64, not 65");
  EXPECT_EQ(error_of([] { check(Workload{.new_tokens = -1}); }),
            "workload: new_tokens must be between 0 and 1000000, not -1");
  EXPECT_EQ(error_of([] { check(Workload{.task = Task::generate}); }),
            "workload: new_tokens must be between 1 and 1000000, not 0");
}

}  // namespace
}  // namespace ridgeline
