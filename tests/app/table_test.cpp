#include "app/table.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

const Style kPlain;

TEST(Table, AlignsColumnsWithoutTrailingSpaces) {
  const Table table{2, {{}, {.right = true}, {}}, {{"a", "1 s", ""}, {"long", "100 ms", "x"}}};
  EXPECT_EQ(render(table, kPlain),
            "  a        1 s\n"
            "  long  100 ms  x\n");
}

TEST(Table, CountsCharactersNotBytes) {
  EXPECT_EQ(display_width("—×·"), 3u);
  const Table table{0, {{.right = true}, {}}, {{"—", "x"}, {"µs", "y"}}};
  EXPECT_EQ(render(table, kPlain), " —  x\nµs  y\n");
}

TEST(Table, WrapsTheWrappingColumnAtTheWidth) {
  Style narrow;
  narrow.width = 30;
  const Table table{0, {{}, {.wraps = true}, {}}, {{"key", "one two three four five six", "end"}}};
  EXPECT_EQ(render(table, narrow),
            "key  one two three four    end\n"
            "     five six\n");
}

TEST(Table, BreaksOnlyAtSpaces) {
  EXPECT_EQ(wrap("aa bb cc", 5), (std::vector<std::string>{"aa bb", "cc"}));
  EXPECT_EQ(wrap("aaaaaaaa b", 3), (std::vector<std::string>{"aaaaaaaa", "b"}));
  EXPECT_EQ(wrap("", 3), (std::vector<std::string>{""}));
}

TEST(Table, ColoursOnlyWhereAllowedAndOutsideThePadding) {
  Style colour;
  colour.colour = true;
  const Table table{0, {{.right = true}, {}}, {{{"1", Emphasis::bold}, "x"}, {"22", "y"}}};
  EXPECT_EQ(render(table, colour), " \x1b[1m1\x1b[0m  x\n22  y\n");
  EXPECT_EQ(render(table, kPlain), " 1  x\n22  y\n");
}

}  // namespace
}  // namespace ridgeline
