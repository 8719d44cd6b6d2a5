#include "base/error.hpp"

#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(InputError, ShowsAsMuchOfThePlaceAsIsKnown) {
  EXPECT_STREQ(InputError({"board.yaml", 3, 7, "power.idle"}, "wrong", "do this").what(),
               "board.yaml:3:7: power.idle: wrong; do this");
  EXPECT_STREQ(InputError({"board.yaml", 3, 0, ""}, "wrong").what(), "board.yaml:3: wrong");
  EXPECT_STREQ(InputError({"board.yaml", 0, 7, ""}, "wrong").what(), "board.yaml: wrong");
  EXPECT_STREQ(InputError({"--set", 0, 0, "clock"}, "wrong").what(), "--set: clock: wrong");
  EXPECT_STREQ(InputError({}, "wrong").what(), "wrong");
}

TEST(InputError, KeepsItsLocation) {
  const InputError error({"board.yaml", 3, 7, "clock"}, "wrong");
  EXPECT_EQ(error.location().file, "board.yaml");
  EXPECT_EQ(error.location().line, 3);
  EXPECT_EQ(error.location().column, 7);
  EXPECT_EQ(error.location().key, "clock");
}

TEST(NearestName, FindsTyposOnly) {
  const std::vector<std::string> valid{"bandwidth", "size", "energy"};
  EXPECT_EQ(nearest_name("bandwith", valid), "bandwidth");    // deletion
  EXPECT_EQ(nearest_name("bandwidthh", valid), "bandwidth");  // insertion
  EXPECT_EQ(nearest_name("sixe", valid), "size");             // replacement
  EXPECT_EQ(nearest_name("isze", valid), "size");             // neighbours swapped: one edit, not two
  EXPECT_EQ(nearest_name("size", valid), "size");
  EXPECT_EQ(nearest_name("latency", valid), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

TEST(NearestName, FindsWhatIsCutShort) {
  EXPECT_EQ(nearest_name("rasp", {"raspberry-pi-4", "m1-cpu"}), "raspberry-pi-4");
  EXPECT_EQ(nearest_name("a100", {"a100-pcie-40gb", "a100-sxm-40gb"}), "") << "either may be meant";
}

TEST(NearestName, PrefersTheCloserOne) { EXPECT_EQ(nearest_name("m1-cpa", {"m1-gpu", "m1-cpu"}), "m1-cpu"); }

TEST(UnknownName, ListsWhatIsValid) {
  EXPECT_EQ(error_of([] {
              throw_unknown_name({"a.yaml", 2, 1, ""}, "key", "sise", {"size", "energy"});
            }),
            "a.yaml:2:1: unknown key 'sise'; did you mean 'size'? the keys are: size, energy");
  EXPECT_EQ(error_of([] {
              throw_unknown_name({}, "device", "toaster", {"t4", "p4"});
            }),
            "unknown device 'toaster'; the devices are: t4, p4");
}

}  // namespace
}  // namespace ridgeline
