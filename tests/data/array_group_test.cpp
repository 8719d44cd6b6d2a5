#include "data/array_group.hpp"

#include <cmath>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

ArrayGroup example() {
  ArrayGroup group;
  group.attributes["device"] = "t4";
  ArrayGroup& fit = group.groups["fit"];
  fit.arrays["dispatch"] = scalar_array(2e-5, "s");
  fit.arrays["utilisation"] = vector_array({0.5, 0.6, 0.7}, "1");
  fit.arrays["curvature"] = matrix_array(2, 3, {1, 2, 3, 4, 5, 6}, "1");
  fit.texts["kinds"] = {"matmul", "softmax"};
  return group;
}

TEST(StoredGroup, GivesWhatIsThere) {
  const ArrayGroup group = example();
  const StoredGroup stored(group, "t4.h5");
  EXPECT_EQ(stored.attribute("device"), "t4");
  EXPECT_TRUE(stored.has_attribute("device"));
  EXPECT_FALSE(stored.has_attribute("runtime"));
  const StoredGroup fit = stored.group("fit");
  EXPECT_TRUE(stored.has_group("fit"));
  EXPECT_TRUE(fit.has_array("dispatch"));
  EXPECT_FALSE(fit.has_array("kinds"));
  EXPECT_EQ(fit.scalar("dispatch", "s"), 2e-5);
  EXPECT_EQ(fit.vector("utilisation", "1", 3)[2], 0.7);
  EXPECT_EQ(fit.vector("utilisation", "1").size(), 3u);
  EXPECT_EQ(fit.matrix("curvature", "1", 2, 3)[4], 5);
  EXPECT_EQ(fit.texts("kinds", 2)[1], "softmax");
  EXPECT_EQ(fit.place("kinds").key, "fit/kinds");
}

TEST(StoredGroup, ComplainsWithFileAndPath) {
  const ArrayGroup group = example();
  const StoredGroup stored(group, "t4.h5");
  const StoredGroup fit = stored.group("fit");
  EXPECT_EQ(error_of([&] { stored.attribute("runtime"); }), "t4.h5: runtime: missing attribute; there are: device");
  EXPECT_EQ(error_of([&] { stored.array("dispatch"); }), "t4.h5: dispatch: missing array");
  EXPECT_EQ(error_of([&] { stored.group("fits"); }), "t4.h5: fits: missing group; there are: fit");
  EXPECT_EQ(error_of([&] { fit.array("dispatches"); }),
            "t4.h5: fit/dispatches: missing array; there are: curvature, dispatch, utilisation");
  EXPECT_EQ(error_of([&] { fit.texts("names"); }), "t4.h5: fit/names: missing list of texts; there are: kinds");
  EXPECT_EQ(error_of([&] { fit.scalar("dispatch", "us"); }), "t4.h5: fit/dispatch: is in s, not in us");
  EXPECT_EQ(error_of([&] { fit.scalar("utilisation", "1"); }),
            "t4.h5: fit/utilisation: expected one number, found 3 numbers");
  EXPECT_EQ(error_of([&] { fit.vector("utilisation", "1", 4); }),
            "t4.h5: fit/utilisation: expected 4 numbers, found 3 numbers");
  EXPECT_EQ(error_of([&] { fit.matrix("curvature", "1", 3, 2); }),
            "t4.h5: fit/curvature: expected 3 x 2 numbers, found 2 x 3 numbers");
  EXPECT_EQ(error_of([&] { fit.vector("curvature", "1"); }),
            "t4.h5: fit/curvature: expected 6 numbers, found 2 x 3 numbers");
  EXPECT_EQ(error_of([&] { fit.texts("kinds", 3); }), "t4.h5: fit/kinds: expected 3 texts, found 2");
}

TEST(StoredGroup, IndicesAreWholeNumbersInRange) {
  ArrayGroup group;
  group.arrays["row"] = vector_array({0, 2, 1}, "1");
  group.arrays["half"] = vector_array({0.5}, "1");
  group.arrays["nan"] = vector_array({std::nan("")}, "1");
  const StoredGroup stored(group, "a.h5");
  EXPECT_EQ(stored.indices("row", 0, 2), (std::vector<std::size_t>{0, 2, 1}));
  EXPECT_EQ(error_of([&] { stored.indices("row", 0, 1); }), "a.h5: row: expected whole numbers from 0 to 1, found 2");
  EXPECT_EQ(error_of([&] { stored.indices("half", 0, 1); }),
            "a.h5: half: expected whole numbers from 0 to 1, found 0.5");
  EXPECT_EQ(error_of([&] { stored.indices("nan", 0, 1); }),
            "a.h5: nan: expected whole numbers from 0 to 1, found nan");
}

TEST(ArrayGroup, MatricesHaveAsManyValuesAsTheirShapeSays) {
  EXPECT_EQ(error_of([] { matrix_array(2, 3, {1, 2}, "1"); }), "2 values are no 2 x 3 matrix");
}

}  // namespace
}  // namespace ridgeline
