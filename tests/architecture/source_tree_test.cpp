#include "tests/architecture/source_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace ridgeline {
namespace {

using Strings = std::vector<std::string>;

std::string lines(const Strings& strings) {
  std::string text;
  for (const std::string& string : strings) text += string + "\n";
  return text;
}

const std::vector<SourceFile>& this_tree() {
  static const std::vector<SourceFile> files = read_tree(RIDGELINE_SOURCE_DIR);
  return files;
}

TEST(Architecture, TheTreeIsRead) {
  const auto has = [](std::string_view path) {
    return std::any_of(this_tree().begin(), this_tree().end(), [&](const auto& file) { return file.path == path; });
  };
  for (const char* path : {"base/units.hpp", "base/units.cpp", "CMakeLists.txt", "tests/CMakeLists.txt"})
    EXPECT_TRUE(has(path)) << path;
}

TEST(Architecture, RoomsIncludeOnlyWhatTheyMay) { EXPECT_EQ(lines(include_violations(this_tree())), ""); }
TEST(Architecture, IncludesHaveNoCycle) { EXPECT_EQ(lines(include_cycles(this_tree())), ""); }
TEST(Architecture, NothingIsLeftUnfinishedOrTiedToOneMachine) { EXPECT_EQ(lines(text_violations(this_tree())), ""); }

// --- the checker itself, on planted trees

/// Complaints about one file with one include, in a tree where all the headers named below exist.
Strings planted(const std::string& path, const std::string& include) {
  std::vector<SourceFile> files;
  for (const char* header :
       {"base/a.hpp", "hwdesc/a.hpp", "hwdesc/device_file.hpp", "model/a.hpp", "model/onnx/a.hpp", "data/a.hpp",
        "calib/a.hpp", "calib/live/a.hpp", "search/a.hpp", "app/a.hpp", "python/a.hpp", "tests/a.hpp", "bench/a.hpp"})
    files.push_back(parse_source(header, "#pragma once\n"));
  files.push_back(parse_source(path, "#pragma once\n#include " + include + "\n"));
  return include_violations(files);
}

TEST(ArchitectureChecker, KnowsEveryPairOfRooms) {
  const Strings rooms{"base", "hwdesc", "model", "data", "calib", "search", "app", "python"};
  // Row: who includes; column: what, in the order of `rooms`.
  const Strings allowed{"x.......", "xx......", "xxx.....", "xxxx....",
                        "xxxxx...", "xxxxxx..", "xxxxxxxx", "xxxxxxxx"};
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    for (std::size_t j = 0; j < rooms.size(); ++j) {
      const Strings found = planted(rooms[i] + "/b.cpp", "\"" + rooms[j] + "/a.hpp\"");
      if (allowed[i][j] == 'x')
        EXPECT_EQ(found, Strings{}) << rooms[i] << " -> " << rooms[j];
      else
        EXPECT_EQ(found, (Strings{rooms[i] + "/b.cpp:2: includes " + rooms[j] + "/a.hpp: " + rooms[i] +
                                  "/ must not include " + rooms[j] + "/"}));
    }
    EXPECT_EQ(planted("tests/b.cpp", "\"" + rooms[i] + "/a.hpp\""), Strings{});
    EXPECT_EQ(planted(rooms[i] + "/b.cpp", "\"tests/a.hpp\"").size(), 1u) << rooms[i];
    EXPECT_EQ(planted(rooms[i] + "/b.cpp", "\"bench/a.hpp\"").size(), 1u) << rooms[i];
  }
}

TEST(ArchitectureChecker, KeepsDeviceFilesOutOfSearch) {
  EXPECT_EQ(planted("search/b.hpp", "\"hwdesc/device_file.hpp\""),
            Strings{"search/b.hpp:2: includes hwdesc/device_file.hpp: search/ takes no device file"});
  EXPECT_EQ(planted("calib/b.hpp", "\"hwdesc/device_file.hpp\""), Strings{});
}

TEST(ArchitectureChecker, KeepsOnnxInItsProgram) {
  EXPECT_EQ(planted("model/onnx/b.hpp", "<onnx/onnx_pb.h>"), Strings{});
  EXPECT_EQ(planted("tests/onnx/b.cpp", "\"model/onnx/a.hpp\""), Strings{});
  EXPECT_EQ(planted("model/b.cpp", "<onnx/onnx_pb.h>"),
            Strings{"model/b.cpp:2: includes onnx/onnx_pb.h: only model/onnx/ may include ONNX"});
  EXPECT_EQ(planted("app/b.cpp", "\"model/onnx/a.hpp\""),
            Strings{"app/b.cpp:2: includes model/onnx/a.hpp: model/onnx is a program of its own"});
}

TEST(ArchitectureChecker, KeepsLibtorchInCalibLive) {
  EXPECT_EQ(planted("calib/live/b.cpp", "<torch/torch.h>"), Strings{});
  EXPECT_EQ(planted("calib/live/b.hpp", "<torch/types.h>"),
            Strings{"calib/live/b.hpp:2: includes torch/types.h: a header must not include libtorch"});
  EXPECT_EQ(planted("calib/live/b.hpp", "<ATen/core/Tensor.h>"), Strings{});
  EXPECT_EQ(planted("tests/live/b.cpp", "<ATen/ATen.h>"), Strings{});
  EXPECT_EQ(planted("calib/b.hpp", "<ATen/core/Tensor.h>").size(), 1u);
  EXPECT_EQ(planted("calib/b.cpp", "<ATen/ATen.h>"),
            Strings{"calib/b.cpp:2: includes ATen/ATen.h: only calib/live/*.cpp may include libtorch"});
  EXPECT_EQ(planted("app/b.cpp", "<torch/torch.h>").size(), 1u);
  EXPECT_EQ(planted("tests/b.cpp", "<c10/util/Exception.h>").size(), 1u);
}

TEST(ArchitectureChecker, KeepsCalibLiveAProgramOfItsOwn) {
  for (const char* user : {"calib/b.cpp", "search/b.cpp"})
    EXPECT_EQ(planted(user, "\"calib/live/a.hpp\""),
              Strings{std::string(user) + ":2: includes calib/live/a.hpp: calib/live is a program of its own"});
  for (const char* user : {"calib/live/b.cpp", "app/b.cpp", "tests/b.cpp"})
    EXPECT_EQ(planted(user, "\"calib/live/a.hpp\""), Strings{}) << user;
}

TEST(ArchitectureChecker, KeepsHdf5InData) {
  EXPECT_EQ(planted("data/b.cpp", "<hdf5.h>"), Strings{});
  EXPECT_EQ(planted("app/b.cpp", "<H5Cpp.h>"), Strings{"app/b.cpp:2: includes H5Cpp.h: only data/ may include HDF5"});
}

TEST(ArchitectureChecker, WantsIncludesFromTheRoot) {
  for (const char* include : {"\"a.hpp\"", "\"../base/a.hpp\"", "\"base/gone.hpp\""})
    EXPECT_EQ(planted("base/b.cpp", include).size(), 1u) << include;
  EXPECT_EQ(planted("tests/b.cpp", "\"base/gone.hpp\""),
            Strings{"tests/b.cpp:2: \"base/gone.hpp\" is no file of this tree, as seen from its root"});
}

TEST(ArchitectureChecker, SeesIncludesHoweverTheyAreSpaced) {
  for (const char* line : {"#include \"app/a.hpp\"", "  #  include \"app/a.hpp\"", "#include\"app/a.hpp\"  // why"}) {
    const std::vector<SourceFile> files{parse_source("app/a.hpp", "#pragma once"), parse_source("base/b.cpp", line)};
    EXPECT_EQ(include_violations(files).size(), 1u) << line;
  }
  const std::vector<SourceFile> comment{parse_source("base/b.cpp", "// #include \"app/a.hpp\"")};
  EXPECT_EQ(include_violations(comment), Strings{});
}

TEST(ArchitectureChecker, WantsPragmaOnce) {
  EXPECT_EQ(include_violations({parse_source("base/a.hpp", "int a();\n")}),
            Strings{"base/a.hpp:1: a header needs #pragma once"});
}

TEST(ArchitectureChecker, FindsCycles) {
  const std::vector<SourceFile> files{
      parse_source("base/a.hpp", "#include \"base/b.hpp\"\n#include \"base/c.hpp\"\n"),
      parse_source("base/b.hpp", "#include \"base/c.hpp\"\n"),
      parse_source("base/c.hpp", "#include \"base/b.hpp\"\n"),
      parse_source("base/d.hpp", "#include \"base/d.hpp\"\n")};
  EXPECT_EQ(include_cycles(files), (Strings{"base/b.hpp -> base/c.hpp -> base/b.hpp", "base/d.hpp -> base/d.hpp"}));
}

TEST(ArchitectureChecker, FindsUnfinishedWorkAndForeignPaths) {
  const std::string todo = std::string("TO") + "DO", home = std::string("/ho") + "me/";
  const auto check = [](const std::string& text) { return text_violations({parse_source("docs/a.md", text)}); };
  EXPECT_EQ(check("x\n// " + todo + ": more\n"), Strings{"docs/a.md:2: unfinished work: " + todo});
  EXPECT_EQ(check("see " + home + "pi/x"), Strings{"docs/a.md:1: a path of one machine: " + home});
  EXPECT_EQ(check("MASTO" + std::string("DON and a") + home + "b and $HOME" + home), Strings{});
}

TEST(ArchitectureChecker, WalksATreeButNotItsBuilds) {
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / "planted_tree";
  std::filesystem::remove_all(root);
  for (const char* path : {"base/a.cpp", "build/dev/b.cpp", ".git/c.cpp", "base/picture.png"}) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << "#include \"app/gone.hpp\"\n";
  }
  const std::vector<SourceFile> files = read_tree(root);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "base/a.cpp");
  EXPECT_EQ(include_violations(files).size(), 1u);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace ridgeline
