#include "app/csv.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ridgeline {
namespace {

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(CsvLine().add("plain").add("a,b").add("say \"x\"").add("two\nlines").text(),
            "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n");
}

TEST(Csv, NumbersReadBackEqual) {
  EXPECT_EQ(CsvLine().add(0.1).add(1e-300).add(3L).add(true).text(), "0.1,1e-300,3,True\n");
  EXPECT_EQ(std::stod(CsvLine().add(1.0 / 3).text()), 1.0 / 3);
}

TEST(Csv, WhatIsAbsentIsEmpty) {
  EXPECT_EQ(CsvLine().add(std::optional<double>()).add(std::numeric_limits<double>::quiet_NaN()).add("").text(),
            ",,\n");
  EXPECT_EQ(CsvLine().add("").add("x").text(), ",x\n");
}

}  // namespace
}  // namespace ridgeline
