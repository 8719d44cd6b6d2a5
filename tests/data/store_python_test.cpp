// Stores are read by h5py as they are by Ridgeline, and what h5py writes is refused.
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "data/store.hpp"
#include "tests/data/store_examples.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

struct PythonResult {
  std::string output;
  int exit_code = 0;
};

/// Runs a script in a folder of its own; Debian's Python, since another may come first on the PATH.
PythonResult python(const Folder& folder, const std::string& script) {
  const fs::path file = folder.write("script.py", script);
  const std::string command = "cd '" + file.parent_path().string() + "' && /usr/bin/python3 script.py 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  PythonResult result;
  std::array<char, 256> piece;
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) result.output += piece.data();
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

class StorePython : public testing::Test {
 protected:
  void SetUp() override {
    if (python(folder_, "import h5py\n").exit_code != 0) GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  }
  Folder folder_;
};

TEST_F(StorePython, ReadsAStore) {
  const Store store = example_store();
  write_store(folder_ / "t4.h5", store.kind, store.root, store.provenance);
  const PythonResult result = python(folder_, R"(
import h5py
with h5py.File("t4.h5", "r") as f:
    print(f.attrs["ridgeline_schema"], f.attrs["ridgeline_kind"], f.attrs["device"], f.attrs["umlauts"], len(f.attrs["long"]))
    print(f["provenance"].attrs["command"], f["provenance"].attrs["created"])
    print(f["dispatch"][()], f["dispatch"].attrs["unit"], f["odd"][:].tolist(), f["odd"].attrs["unit"])
    layer = f["network/0"]
    print(layer["weights"].shape, layer["weights"][:].tolist(), layer["features"].asstr()[:].tolist(), len(layer["none"]))
    print(sorted(f))
)");
  EXPECT_EQ(result.output,
            "1 calibration t4 Größe in µs 100000\n"
            "ridgeline calibrate --device t4 2026-01-02T03:04:05Z\n"
            "2.5e-05 s [0.0, -0.0, 1e-310, inf, 0.3333333333333333] W\n"
            "(2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] ['arithmetic intensity', '', 'länge'] 0\n"
            "['bare', 'dispatch', 'network', 'nothing', 'odd', 'provenance']\n");
}

/// With the checksum that belongs to it, a foreign file gets as far as HDF5 and our own checks.
TEST_F(StorePython, ForeignFilesAreRefused) {
  struct Foreign {
    std::string body;  ///< Python; f is the file, usual() adds what every store has
    std::string complaint;
  };
  const std::string neither = "a: is neither a group nor a dataset of numbers or texts";
  const std::vector<Foreign> files{
      {"pass", "ridgeline_schema: missing attribute"},
      {"f.attrs['ridgeline_schema'] = 'one'", "ridgeline_schema: is no integer"},
      {"f.attrs['ridgeline_schema'] = 1", "ridgeline_kind: missing attribute"},
      {"f.attrs['ridgeline_schema'] = 1; f.attrs['ridgeline_kind'] = 'front'", "provenance: cannot be opened"},
      {"usual()", "(no error)"},
      {"usual(); f['a'] = 1.5", "a: missing attribute"},
      {"usual(); f['a'] = [1, 2]", neither},
      {"usual(); f['a'] = h5py.SoftLink('/provenance')", neither},
      {"usual(); f['a'] = h5py.ExternalLink('other.h5', '/')", neither},
      {"usual(); f.attrs['number'] = 3", "number: is no text"},
      {"usual(); f.create_dataset('a', (10**9, 10**9), 'f8', chunks=(1, 1))", "a: is larger than the file"},
      {"usual(); f.create_dataset('a', (2, 2), h5py.string_dtype())", "a: is no list"},
      {"usual(); g = f.create_group('g'); g['g'] = g",
       "g/g/g/g/g/g/g/g/g/g/g/g/g/g/g/g/g: groups are nested deeper than 16"}};
  std::string script = "import h5py, zlib\n";
  for (std::size_t i = 0; i < files.size(); ++i)
    script += fmt::format(R"(
with h5py.File("foreign.h5", "w") as f:
    def usual():
        f.attrs['ridgeline_schema'] = 1; f.attrs['ridgeline_kind'] = 'front'
        for key in ('command', 'version', 'device_hash', 'created'): f.require_group('provenance').attrs[key] = key
    {}
image = open("foreign.h5", "rb").read()
open("{}.h5", "wb").write(image + b"RIDGELN1%08x" % zlib.crc32(image))
)",
                          files[i].body, i);
  const PythonResult result = python(folder_, script);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(error_of([&] { parse_image(content(folder_ / "foreign.h5"), "a.h5"); }),
            "a.h5: this HDF5 file was cut short, or not written by Ridgeline");
  testing::internal::CaptureStderr();
  std::vector<std::string> complaints;
  for (std::size_t i = 0; i < files.size(); ++i)
    complaints.push_back(error_of([&] { parse_image(content(folder_ / (std::to_string(i) + ".h5")), "a.h5"); }));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "HDF5 keeps its error stack to itself";
  for (std::size_t i = 0; i < files.size(); ++i)
    EXPECT_EQ(complaints[i], (files[i].complaint.front() == '(' ? "" : "a.h5: ") + files[i].complaint)
        << files[i].body;
}

}  // namespace
}  // namespace ridgeline
