// Files that are cut short, damaged, foreign or from the future: one clear complaint each, and never more than that.
#include <sys/stat.h>

#include "base/random.hpp"
#include "data/store.hpp"
#include "tests/data/store_examples.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

/// Small, so that every way of cutting it can be tried.
std::string small_image() {
  Store store = example_store();
  store.root.attributes.erase("long");
  return to_image(store);
}

std::string complaint(std::string_view image) {
  return error_of([&] { parse_image(image, "a.h5"); });
}

const std::string kForeign = "a.h5: this HDF5 file was cut short, or not written by Ridgeline";
const std::string kDamaged =
    "a.h5: the file was damaged or changed since Ridgeline wrote it: its checksum does not match";

TEST(StoreDamage, EveryTruncationIsSeen) {
  const std::string image = small_image();
  ASSERT_EQ(complaint(image), "(no error)");
  for (std::size_t size = 0; size < image.size(); ++size) {
    const std::string message = complaint(std::string_view(image).substr(0, size));
    ASSERT_EQ(message, size < 8 ? "a.h5: this is no HDF5 file" : kForeign) << size;
  }
}

TEST(StoreDamage, EveryChangedByteIsSeen) {
  const std::string image = small_image();
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = image;
    const std::size_t flips = 1 + random.below(8);
    for (std::size_t i = 0; i < flips; ++i)
      damaged[random.below(damaged.size())] ^= static_cast<char>(1 + random.below(255));
    if (damaged == image) continue;
    ASSERT_NE(complaint(damaged), "(no error)") << round;
  }
  std::string damaged = image;
  damaged[image.size() / 2] ^= 1;
  EXPECT_EQ(complaint(damaged), kDamaged);
}

TEST(StoreDamage, GrowthIsSeen) { EXPECT_EQ(complaint(small_image() + "x"), kForeign); }

TEST(StoreDamage, OtherSchemas) {
  Store store = example_store();
  store.schema = kStoreSchema + 1;
  EXPECT_EQ(complaint(to_image(store)),
            "a.h5: ridgeline_schema: the file has schema 2, this version of Ridgeline reads 1; a newer version wrote "
            "it");
  store.schema = 0;
  EXPECT_EQ(complaint(to_image(store)),
            "a.h5: ridgeline_schema: the file has schema 0, this version of Ridgeline reads 1");
}

TEST(StoreDamage, ReadingNeverChangesTheFile) {
  const Folder folder;
  for (const std::string& bytes : {small_image(), small_image().substr(0, 500), std::string("text"), std::string()}) {
    const fs::path file = folder.write("a.h5", bytes);
    struct stat before = {}, after = {};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    testing::internal::CaptureStderr();
    error_of([&] { read_store(file); });
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "HDF5 keeps its error stack to itself";
    ASSERT_EQ(::stat(file.c_str(), &after), 0);
    EXPECT_EQ(content(file), bytes);
    EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  }
}

TEST(StoreDamage, FilesThatAreNone) {
  const Folder folder;
  EXPECT_EQ(error_of([] { read_store("/no/such/file.h5"); }),
            "/no/such/file.h5: cannot open the file: No such file or directory");
  const fs::path inside = folder.write("text.h5", "model,latency\n");
  EXPECT_EQ(error_of([&] { read_store(inside.parent_path()); }),
            inside.parent_path().string() + ": this is a folder, not a file");
  EXPECT_EQ(error_of([&] { read_store(inside); }), inside.string() + ": this is no HDF5 file");
  EXPECT_FALSE(is_store(inside));
  EXPECT_FALSE(is_store(inside.parent_path()));
  EXPECT_FALSE(is_store("/no/such/file.h5"));
}

}  // namespace
}  // namespace ridgeline
