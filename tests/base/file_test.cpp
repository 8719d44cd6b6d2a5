#include "base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

class FileTest : public testing::Test {
 protected:
  static std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(FileTest, WritesAndReplaces) {
  const std::filesystem::path file = folder_ / "result.json";
  write_file_atomically(file, "a longer first version");
  EXPECT_EQ(content(file), "a longer first version");
  write_file_atomically(file, "second");
  EXPECT_EQ(content(file), "second");
  EXPECT_EQ(entries(), 1u) << "a temporary file is left";
}

TEST_F(FileTest, ReplacesTheFileRatherThanWritingIntoIt) {
  const std::filesystem::path file = folder_ / "result.json";
  write_file_atomically(file, "old");
  std::ifstream reader(file);
  write_file_atomically(file, "new");
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old") << "somebody who had the file open saw it change";
}

TEST_F(FileTest, KeepsPermissionsAndGivesNewFilesTheUsualOnes) {
  const std::filesystem::path file = folder_ / "result.json";
  const mode_t mask = umask(022);
  write_file_atomically(file, "x");
  umask(mask);
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
  ASSERT_EQ(chmod(file.c_str(), 0640), 0);
  write_file_atomically(file, "y");
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(FileTest, FollowsASymbolicLink) {
  write_file_atomically(folder_ / "target", "old");
  std::filesystem::create_symlink(folder_ / "target", folder_ / "link");
  write_file_atomically(folder_ / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(folder_ / "target"), "new");
}

TEST_F(FileTest, ReadsAllBytes) {
  const std::string bytes("a\0b\n\xff", 5);
  write_file_atomically(folder_ / "file", bytes);
  EXPECT_EQ(read_file(folder_ / "file"), bytes);
  EXPECT_EQ(read_file("/dev/null"), "");
}

TEST_F(FileTest, SaysWhyItCannotRead) {
  const std::string folder = folder_.string();
  EXPECT_EQ(error_of([&] { read_file(folder_ / "none"); }),
            folder + "/none: cannot open the file: No such file or directory");
  EXPECT_EQ(error_of([&] { read_file(folder_); }), folder + ": this is a folder, not a file");
}

TEST_F(FileTest, WritesToDevicesDirectly) { EXPECT_NO_THROW(write_file_atomically("/dev/null", "x")); }

TEST_F(FileTest, SaysWhyItCannotWriteAndLeavesNothing) {
  const std::string folder = folder_.string();
  EXPECT_EQ(error_of([&] { write_file_atomically(folder_ / "no" / "file", "x"); }),
            folder + "/no/file: cannot be written: No such file or directory");
  EXPECT_EQ(error_of([&] { write_file_atomically(folder_, "x"); }), folder + ": cannot be written: Is a directory");
  EXPECT_EQ(error_of([&] { write_file_atomically(folder_ / "", "x"); }),
            folder + "/: cannot be written: Is a directory");
  EXPECT_EQ(error_of([&] { write_file_atomically("/dev/full", "x"); }),
            "/dev/full: cannot be written: No space left on device");
  EXPECT_EQ(entries(), 0u);
}

}  // namespace
}  // namespace ridgeline
