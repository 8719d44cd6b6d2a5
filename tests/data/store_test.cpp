#include "data/store.hpp"

#include <cmath>

#include "tests/data/store_examples.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(Store, ReadsBackWhatWasWritten) {
  const Folder folder;
  const Store written = example_store();
  const fs::path file = folder / "t4.h5";
  write_store(file, written.kind, written.root, written.provenance);
  EXPECT_TRUE(is_store(file));
  const Store read = read_store(file);
  EXPECT_EQ(read.kind, "calibration");
  EXPECT_EQ(read.schema, kStoreSchema);
  EXPECT_EQ(read.provenance, written.provenance);
  EXPECT_EQ(read.root, written.root);
  EXPECT_TRUE(std::signbit(read.root.arrays.at("odd").values[1]));
  EXPECT_EQ(read.file, file.string());
  EXPECT_EQ(read.content("calibration").attribute("device"), "t4");
  EXPECT_EQ(error_of([&] { read.content("measurements"); }),
            file.string() + ": expected a store of kind 'measurements', found 'calibration'");
}

TEST(Store, NotANumberSurvives) {
  Store store;
  store.root.arrays["a"] = vector_array({std::nan("")}, "s");
  EXPECT_TRUE(std::isnan(parse_image(to_image(store), "a.h5").root.arrays.at("a").values[0]));
}

TEST(Store, EqualContentGivesEqualBytes) { EXPECT_EQ(to_image(example_store()), to_image(example_store())); }

TEST(Store, ReplacesAFileAsAWhole) {
  const Folder folder;
  const fs::path file = folder.write("t4.h5", "what was there before");
  const Store store = example_store();
  write_store(file, store.kind, store.root, store.provenance);
  EXPECT_EQ(content(file), to_image(store));
  EXPECT_EQ(std::distance(fs::directory_iterator(file.parent_path()), fs::directory_iterator()), 1)
      << "no temporary file is left";
}

TEST(Store, RefusesWhatItCannotHoldAndLeavesTheFile) {
  const Folder folder;
  const fs::path file = folder.write("t4.h5", "what was there before");
  const auto complaint = [&](auto change) {
    ArrayGroup root;
    change(root);
    const std::string message = error_of([&] { write_store(file, "calibration", root, {}); });
    EXPECT_EQ(content(file), "what was there before");
    return message;
  };
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.arrays["a/b"] = scalar_array(1, "1"); }),
            "'a/b' cannot be a name in a store");
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.groups["x"].attributes[""] = "1"; }), "'' cannot be a name in a store");
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.groups["."]; }), "'.' cannot be a name in a store");
  EXPECT_EQ(complaint([](ArrayGroup& g) {
              g.arrays["a"] = {{2, 2}, {1, 2, 3}, "1"};
            }),
            "array 'a' has 3 values, its shape 4");
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.groups["provenance"]; }), "'provenance' is a name of the store's own");
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.attributes["ridgeline_kind"] = "a"; }),
            "'ridgeline_kind' is a name of the store's own");
  EXPECT_EQ(complaint([](ArrayGroup& g) { g.texts["t"] = {std::string("a\0b", 3)}; }),
            "'t' holds a text with a NUL character");
  EXPECT_EQ(complaint([](ArrayGroup& g) {
              g.arrays["a"] = scalar_array(1, "1");
              g.texts["a"] = {};
            }),
            "the store cannot be built: dataset cannot be created");
}

TEST(Store, ProvenanceSaysWhen) {
  const Provenance provenance = provenance_of("ridgeline import", "0.1.0");
  EXPECT_EQ(provenance.command, "ridgeline import");
  EXPECT_EQ(provenance.version, "0.1.0");
  ASSERT_EQ(provenance.created.size(), 20u) << provenance.created;
  EXPECT_EQ(provenance.created[10], 'T');
  EXPECT_EQ(provenance.created.back(), 'Z');
}

}  // namespace
}  // namespace ridgeline
