#include "base/document.hpp"

#include <fstream>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

Node yaml(std::string_view text) { return parse_document(text, "a.yaml"); }
Node json(std::string_view text) { return parse_document(text, "a.json", true); }

constexpr std::string_view kBoard = R"(# a board
name: board
clock: 1.5 GHz
memory:
  dram: {bandwidth: {value: 4 GB/s, source: "a book"}, size: 4 GB}
  l2:
    bandwidth:
      value: 20 GB/s
      source: another book
modes: [5, 10.5]
capped: true
note:
)";

std::string place(const Node& node) {
  const InputLocation at = node.location();
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + " " + at.key;
}

TEST(Document, YamlValuesKnowTheirPlace) {
  const Node board = yaml(kBoard);
  EXPECT_EQ(place(board), "a.yaml:2:1 ");
  EXPECT_EQ(place(board.at("clock")), "a.yaml:3:8 clock");
  EXPECT_EQ(place(board.at("memory").at("dram").at("size")), "a.yaml:5:62 memory.dram.size");
  EXPECT_EQ(place(board.at("memory").at("l2").at("bandwidth").at("value")), "a.yaml:8:14 memory.l2.bandwidth");
  EXPECT_EQ(place(board.at("modes").items()[1]), "a.yaml:10:12 modes.1");
}

TEST(Document, JsonValuesKnowTheirPlace) {
  const Node root =
      json("{\"a\": [1, -2.5e3, true,\n  null, \"x\\\"\\u00e9,\"],\n\t\"b\":{\"c\" : {}}, \"d\":false}");
  EXPECT_EQ(place(root), "a.json:1:1 ");
  const std::vector<Node>& items = root.at("a").items();
  EXPECT_EQ(place(root.at("a")), "a.json:1:7 a");
  EXPECT_EQ(place(items[0]), "a.json:1:8 a.0");
  EXPECT_EQ(place(items[1]), "a.json:1:11 a.1");
  EXPECT_EQ(place(items[2]), "a.json:1:19 a.2");
  EXPECT_EQ(place(items[3]), "a.json:2:3 a.3");
  EXPECT_EQ(place(items[4]), "a.json:2:9 a.4");
  EXPECT_EQ(place(root.at("b").at("c")), "a.json:3:13 b.c");
  EXPECT_EQ(place(root.at("d")), "a.json:3:22 d");
  EXPECT_EQ(items[1].number(), -2500);
  EXPECT_EQ(items[4].text(), "x\"\u00e9,");
  EXPECT_TRUE(items[3].is_null());
}

TEST(Document, JsonNumbersKeepTheirText) {
  EXPECT_EQ(json("[9007199254740993]").items()[0].integer(), 9007199254740993);
  EXPECT_EQ(json("[0.10]").items()[0].text(), "0.10");
  EXPECT_EQ(json("3").number(), 3);  // a scalar alone, the last token of the text
}

TEST(Document, ReadsValues) {
  const Node board = yaml(kBoard);
  EXPECT_EQ(board.at("name").text(), "board");
  EXPECT_EQ(board.at("clock").quantity<Dimension{.second = -1}>(), Hertz(1.5e9));
  EXPECT_EQ(board.at("modes").items()[0].integer(), 5);
  EXPECT_EQ(board.at("modes").items()[1].number(), 10.5);
  EXPECT_EQ(board.at("modes").size(), 2u);
  EXPECT_TRUE(board.at("capped").boolean());
  EXPECT_TRUE(board.at("note").is_null());
  EXPECT_TRUE(board.has("memory"));
  EXPECT_FALSE(board.has("memori"));
  EXPECT_EQ(board.keys(), (std::vector<std::string>{"name", "clock", "memory", "modes", "capped", "note"}));
}

TEST(Document, ComplainsAboutTheWrongKind) {
  const Node board = yaml(kBoard);
  EXPECT_EQ(error_of([&] { board.at("name").find("x"); }), "a.yaml:2:7: name: expected a map, found 'board'");
  EXPECT_EQ(error_of([&] { board.at("name").items(); }), "a.yaml:2:7: name: expected a list, found 'board'");
  EXPECT_EQ(error_of([&] { board.at("modes").text(); }), "a.yaml:10:8: modes: expected a single value, found a list");
  EXPECT_EQ(error_of([&] { board.at("name").number(); }), "a.yaml:2:7: name: expected a number, found 'board'");
  EXPECT_EQ(error_of([&] { board.at("note").number(); }), "a.yaml:12:1: note: expected a number, found nothing");
  EXPECT_EQ(error_of([&] { board.at("memory").number(); }), "a.yaml:5:3: memory: expected a number, found a map");
  EXPECT_EQ(error_of([&] { board.at("modes").items()[1].integer(); }),
            "a.yaml:10:12: modes.1: expected an integer, found '10.5'");
  EXPECT_EQ(error_of([&] { board.at("modes").items()[0].integer_in(6, 9); }),
            "a.yaml:10:9: modes.0: expected an integer from 6 to 9, found '5'");
  EXPECT_EQ(error_of([&] { board.at("name").boolean(); }), "a.yaml:2:7: name: expected true or false, found 'board'");
  EXPECT_EQ(error_of([&] { yaml("a: 1e999").at("a").number(); }), "a.yaml:1:4: a: expected a number, found '1e999'");
  EXPECT_EQ(error_of([&] { yaml("a: 99999999999999999999").at("a").integer(); }),
            "a.yaml:1:4: a: expected an integer of at most 64 bits, found '99999999999999999999'");
}

TEST(Document, ComplainsAboutMissingAndUnknownKeys) {
  const Node dram = yaml(kBoard).at("memory").at("dram");
  EXPECT_EQ(error_of([&] { dram.at("energy"); }),
            "a.yaml:5:9: memory.dram: missing key 'energy'; the keys here are: bandwidth, size");
  EXPECT_EQ(error_of([&] { yaml("{}").at("energy"); }), "a.yaml:1:1: missing key 'energy'");
  EXPECT_EQ(error_of([&] {
              dram.allow_only({"bandwidth", "sizes"});
            }),
            "a.yaml:5:56: memory.dram: unknown key 'size'; did you mean 'sizes'? the keys are: bandwidth, sizes");
  EXPECT_EQ(error_of([&] { dram.allow_only({"size", "bandwidth", "energy"}); }), "(no error)");
}

TEST(Document, ComplainsAboutWrongUnits) {
  const auto hertz = [](std::string_view text) {
    return error_of([&] { yaml(text).at("clock").quantity<Dimension{.second = -1}>(); });
  };
  EXPECT_EQ(hertz("clock: 5 GB"), "a.yaml:1:8: clock: wrong unit: expected Hz, found '5 GB' (B)");
  EXPECT_EQ(hertz("clock: 5"), "a.yaml:1:8: clock: missing unit: expected Hz, found '5'");
  EXPECT_EQ(hertz("clock: fast"), "a.yaml:1:8: clock: expected a number and a unit (Hz), found 'fast'");
  EXPECT_EQ(hertz("clock: -1 GHz"), "a.yaml:1:8: clock: expected a positive quantity, found '-1 GHz'");
  EXPECT_EQ(hertz("clock: 0 Hz"), "a.yaml:1:8: clock: expected a positive quantity, found '0 Hz'");
  EXPECT_EQ(hertz("clock: []"), "a.yaml:1:8: clock: expected a quantity in Hz, found a list");
}

TEST(Document, ComplainsAboutMalformedYaml) {
  EXPECT_EQ(error_of([] { yaml("a: [1, 2\nb: 3\n"); }),
            "a.yaml:2:2: a: malformed YAML: end of sequence flow not found");
  EXPECT_EQ(error_of([] { yaml("a: 1\n b: 2\n"); }), "a.yaml:2:3: malformed YAML: illegal map value");
  EXPECT_EQ(error_of([] { yaml("a: 1\n---\nb: 2\n"); }), "a.yaml: more than one document in the file");
  EXPECT_EQ(error_of([] { yaml("[1, 2]: 3\n"); }), "a.yaml:1:1: a key must be plain text");
}

TEST(Document, ComplainsAboutMalformedJson) {
  EXPECT_EQ(error_of([] { json("{\"a\": 1,\n \"b\": ,}"); }),
            "a.json:2:7: malformed JSON: syntax error while parsing value - unexpected ','; expected '[', '{', or a "
            "literal");
  EXPECT_EQ(error_of([] { json("{\"a\": 1"); }),
            "a.json:1:8: malformed JSON: syntax error while parsing object - unexpected end of input; expected '}'");
  EXPECT_EQ(error_of([] { json("{\"a\": 1} 2"); }),
            "a.json:1:10: malformed JSON: syntax error while parsing value - unexpected number literal; expected end "
            "of input");
  EXPECT_EQ(error_of([] { json("{'a': 1}"); }),
            "a.json:1:2: malformed JSON: syntax error while parsing object key - invalid literal; last read: '{''; "
            "expected string literal");
}

TEST(Document, ComplainsAboutEmptyInput) {
  for (const char* text : {"", " \n\t", "# nothing\n", "---\n", "null\n"})
    EXPECT_EQ(error_of([&] { yaml(text); }), "a.yaml: the file is empty") << text;
  for (const char* text : {"", "\n", "null"})
    EXPECT_EQ(error_of([&] { json(text); }), "a.json: the file is empty") << text;
}

TEST(Document, ComplainsAboutDuplicateKeys) {
  EXPECT_EQ(error_of([] { yaml("a:\n  b: 1\n  c: 2\n  b: 3\n"); }),
            "a.yaml:4:3: a: duplicate key 'b'; it stands first on line 2");
  EXPECT_EQ(error_of([] { json("{\"a\": 1,\n\"a\": 2}"); }),
            "a.json:2:1: duplicate key 'a'; it stands first on line 1");
}

TEST(Document, ExpandsAliases) {
  const Node root = yaml("base: &base {size: 4, list: [1]}\ncopy: *base\n");
  EXPECT_EQ(root.at("copy").at("size").integer(), 4);
  EXPECT_EQ(place(root.at("copy").at("list").items()[0]), "a.yaml:1:30 copy.list.0");
  EXPECT_EQ(error_of([] { yaml("a: &x [1, *x]\n"); }),
            "a.yaml:1:11: a: an alias cannot stand inside the value it names");
}

TEST(Document, RefusesInputThatWouldExhaustMemory) {
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string last = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + last + ", " + last + ", " + last + ", " + last + "]\n";
  }
  EXPECT_EQ(error_of([&] { yaml(bomb); }), "a.yaml:8:10: a7: aliases expand to more than 100000 values");
  const std::string deep(100'000, '[');
  EXPECT_EQ(
      error_of([&] { json(deep); }), "a.json:1:201: " + [] {
        std::string path = "0";
        for (int i = 1; i < 199; ++i) path += ".0";
        return path;
      }() + ": nested deeper than 200 levels");
}

TEST(Document, SetReplacesByAnyUniqueEnding) {
  Node board = yaml(kBoard);
  board.set("clock", "600MHz", "--set");
  board.set("dram.size", "8 GB", "--set");
  board.set("l2.bandwidth", "1 GB/s", "--set");
  board.set("modes.1", "12", "--set");
  board.set("note", "tuned", "--set");
  EXPECT_EQ(board.at("clock").text(), "600MHz");
  EXPECT_EQ(board.at("memory").at("dram").at("size").text(), "8 GB");
  EXPECT_EQ(board.at("memory").at("l2").at("bandwidth").at("value").text(), "1 GB/s");
  EXPECT_EQ(board.at("memory").at("l2").at("bandwidth").at("source").text(), "another book");
  EXPECT_EQ(board.at("modes").items()[1].integer(), 12);
  EXPECT_EQ(board.at("note").text(), "tuned");
}

TEST(Document, SetScalesTheNumberThatStandsThere) {
  Node board = yaml(kBoard);
  board.set("dram.bandwidth", "x2.5", "--set");
  board.set("clock", "x0.1", "--set");
  board.set("modes.0", "x2", "--set");
  EXPECT_EQ(board.at("memory").at("dram").at("bandwidth").at("value").text(), "10 GB/s");
  EXPECT_EQ(board.at("clock").text(), "0.15 GHz");
  EXPECT_EQ(board.at("modes").items()[0].integer(), 10);
  board.set("name", "xeon", "--set");  // no factor follows the x
  EXPECT_EQ(board.at("name").text(), "xeon");
}

TEST(Document, SetValuesAreLocatedAtTheirOrigin) {
  Node board = yaml(kBoard);
  board.set("l2.bandwidth", "5 W", "--set");
  EXPECT_EQ(error_of([&] {
              board.at("memory").at("l2").at("bandwidth").at("value").quantity<Dimension{.second = -1, .byte = 1}>();
            }),
            "--set: memory.l2.bandwidth: wrong unit: expected B/s, found '5 W' (W)");
}

TEST(Document, SetComplains) {
  Node board = yaml(kBoard);
  EXPECT_EQ(error_of([&] { board.set("dram.bandwith", "x2", "--set"); }),
            "--set: dram.bandwith: unknown key; did you mean 'dram.bandwidth'?");
  EXPECT_EQ(error_of([&] { board.set("colour", "red", "--set"); }),
            "--set: colour: unknown key; the keys are: clock, memory.dram.bandwidth, memory.dram.size, "
            "memory.l2.bandwidth, modes.0, capped");
  EXPECT_EQ(error_of([&] { board.set("bandwidth", "x2", "--set"); }),
            "--set: bandwidth: ambiguous key; it could be: memory.dram.bandwidth, memory.l2.bandwidth");
  EXPECT_EQ(error_of([&] { board.set("name", "x2", "--set"); }),
            "--set: name: 'x2' cannot scale 'board', which is no number");
  EXPECT_EQ(error_of([&] { board.set("note", "x2", "--set"); }),
            "--set: note: 'x2' cannot scale nothing, which is no number");
  EXPECT_EQ(error_of([&] { board.set("clock", "x-2", "--set"); }),
            "--set: clock: expected a positive factor, found 'x-2'");
  EXPECT_EQ(error_of([&] { board.set("memory", "4", "--set"); }).substr(0, 27), "--set: memory: unknown key;");
}

TEST(Document, AFullPathWinsOverAnEnding) {
  Node root = yaml("clock: 1\ncore: {clock: 2}\n");
  root.set("clock", "3", "--set");
  EXPECT_EQ(root.at("clock").integer(), 3);
  EXPECT_EQ(root.at("core").at("clock").integer(), 2);
}

TEST(Document, ReadsFilesByTheirEnding) {
  const std::filesystem::path folder = testing::TempDir();
  const auto write = [&](const char* name, const char* text) {
    std::ofstream(folder / name) << text;
    return folder / name;
  };
  EXPECT_EQ(read_document(write("document_test.json", "{\"a\": 1}")).at("a").integer(), 1);
  EXPECT_EQ(read_document(write("document_test.yaml", "a: 1")).at("a").integer(), 1);
  const auto malformed = write("document_test.json", "?");
  EXPECT_EQ(error_of([&] { read_document(malformed); }),
            malformed.string() +
                ":1:1: malformed JSON: syntax error while parsing value - invalid literal; last read: "
                "'?'");
  EXPECT_EQ(error_of([] { read_document("no/such.yaml"); }),
            "no/such.yaml: cannot open the file: No such file or directory");
  EXPECT_EQ(error_of([&] { read_document(folder); }), folder.string() + ": this is a folder, not a file");
}

}  // namespace
}  // namespace ridgeline
