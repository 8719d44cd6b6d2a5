#include "data/csv.hpp"

#include <cmath>

#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

std::string complaint(const std::string& text) {
  return error_of([&] { parse_csv(text, "t.csv"); });
}

TEST(Csv, ReadsQuotesLineEndsAndTheByteOrderMark) {
  const CsvTable table =
      parse_csv("\xEF\xBB\xBFname , value\r\n\r\n\"a, \"\"b\"\"\nc\" ,1e-3\r\n  d  , +2\n", "t.csv");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"name", "value"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.text(table.rows[0], 0), "a, \"b\"\nc");
  EXPECT_EQ(table.number(table.rows[0], 1), 1e-3);
  EXPECT_EQ(table.rows[0].line, 3);
  EXPECT_EQ(table.text(table.rows[1], 0), "d");
  EXPECT_EQ(table.integer(table.rows[1], 1), 2);
  EXPECT_EQ(table.rows[1].line, 5);
  EXPECT_FALSE(table.find("Name"));
}

TEST(Csv, LastLineNeedsNoLineFeedAndCellsMayBeEmpty) {
  const CsvTable table = parse_csv("a,b,c\n1,,", "t.csv");
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].cells, (std::vector<std::string>{"1", "", ""}));
}

TEST(Csv, NumbersMayBeNotANumber) {
  const CsvTable table = parse_csv("a,b\nnan,-inf\n", "t.csv");
  EXPECT_TRUE(std::isnan(table.number(table.rows[0], 0)));
  EXPECT_LT(table.number(table.rows[0], 1), -1e300);
}

TEST(Csv, ComplaintsNameThePlace) {
  EXPECT_EQ(complaint(""), "t.csv: the file is empty");
  EXPECT_EQ(complaint("a,b\n"), "t.csv: there are no rows below the header");
  EXPECT_EQ(complaint("a,,c\n1,2,3"), "t.csv:1: column 2 has no name");
  EXPECT_EQ(complaint("a,b,a\n1,2,3"), "t.csv:1: a: a second column of that name");
  EXPECT_EQ(complaint("a,b\n1,2\n3\n"), "t.csv:3: 1 cells for 2 columns");
  EXPECT_EQ(complaint("a,b\n1,\"2\n\n"), "t.csv:2: the quote that opens here is never closed");
  EXPECT_EQ(complaint("a,b\n1,\"2\"3\n"),
            "t.csv:2: text behind a closing quote; a quote inside a quoted field is written twice");
  const CsvTable table = parse_csv("a,b\n1.5,x\n", "t.csv");
  EXPECT_EQ(error_of([&] { table.number(table.rows[0], 1); }), "t.csv:2: b: expected a number, found 'x'");
  EXPECT_EQ(error_of([&] { table.integer(table.rows[0], 0); }), "t.csv:2: a: expected an integer, found '1.5'");
  EXPECT_EQ(error_of([&] { table.at("z"); }), "t.csv:1: missing column 'z'; there are: a, b");
}

TEST(Csv, MissingFilesAndFolders) {
  EXPECT_EQ(error_of([] { read_csv("no/such.csv"); }),
            "no/such.csv: cannot open the file: No such file or directory");
  const Folder folder;
  EXPECT_EQ(error_of([&] { read_csv(folder / ""); }), (folder / "").string() + ": this is a folder, not a file");
}

}  // namespace
}  // namespace ridgeline
