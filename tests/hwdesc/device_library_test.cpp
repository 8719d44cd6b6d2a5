// Finding descriptions, and what-ifs on them.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// A folder with the made-up board, named to the library while it lives.
class UserFolder {
 public:
  UserFolder()
      : folder_(std::filesystem::temp_directory_path() / ("ridgeline_user_devices_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write("board.yaml", kBoard);
    setenv("RIDGELINE_DEVICES", ("/nowhere:" + folder_.string()).c_str(), 1);
  }
  ~UserFolder() {
    unsetenv("RIDGELINE_DEVICES");
    std::filesystem::remove_all(folder_);
  }
  void write(const char* name, std::string_view text) { std::ofstream(folder_ / name) << text; }
  std::filesystem::path folder_;
};

TEST(DeviceLibrary, FindsByNameAliasAndPath) {
  const UserFolder user;
  EXPECT_EQ(load_device("board").title, "A board");
  EXPECT_EQ(load_device("toy-board").name, "board");
  EXPECT_EQ(load_device((user.folder_ / "board.yaml").string()).name, "board");
  EXPECT_EQ(load_device("t4").name, "t4");
}

TEST(DeviceLibrary, PrefersTheUsersFile) {
  UserFolder user;
  user.write("t4.yaml", board_with("name: board", "name: t4"));
  EXPECT_EQ(load_device("t4").title, "A board");
  const auto names = device_names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "t4"), 1);
}

TEST(DeviceLibrary, AsksWhenAnAliasIsShared) {
  EXPECT_EQ(error_of([] { load_device("jetson-nano"); }),
            "ambiguous device 'jetson-nano'; choose one of: jetson-nano-cpu, jetson-nano-gpu");
  EXPECT_EQ(error_of([] { load_device("jetson-tx2"); }),
            "ambiguous device 'jetson-tx2'; choose one of: jetson-tx2-cpu, jetson-tx2-gpu");
}

TEST(DeviceLibrary, NamesTheNearestForAnUnknownDevice) {
  EXPECT_EQ(
      error_of([] { load_device("rasberry-pi-4"); }),
      "unknown device 'rasberry-pi-4'; did you mean 'raspberry-pi-4'? the devices are: a100-pcie-40gb, "
      "a100-pcie-80gb, a100-sxm-40gb, epyc-rome, h100-sxm, iphone-13, jetson-nano-cpu, jetson-nano-gpu, "
      "jetson-tx2-cpu, jetson-tx2-gpu, l4, m1-cpu, m1-gpu, m1-pro-cpu, m1-pro-gpu, mi100, mi210, mi250, ncs2, "
      "odroid-xu3-a15, odroid-xu3-a7, p100, p4, pixel-3, pixel-4, raspberry-pi-4, t4, titan-xp, v100-pcie-32gb, "
      "xeon-e5-2640");
  EXPECT_EQ(
      error_of([] { load_runtime("pytorch-eger"); }),
      "unknown runtime 'pytorch-eger'; did you mean 'pytorch-eager'? the runtimes are: ideal, libtorch, onnxruntime, "
      "openvino, pytorch-compiled, pytorch-eager, pytorch-no-blas, tensorflow, tensorrt, tflite");
  EXPECT_EQ(error_of([] { load_device("/no/such/file.yaml"); }),
            "/no/such/file.yaml: cannot open the file: No such file or directory");
}

TEST(DeviceLibrary, AppliesWhatIfs) {
  const UserFolder user;
  const Device device =
      load_device("board", {{"dram.bandwidth", "x2"}, {"units", "8"}, {"matrix.fp32.per_cycle", "16"}});
  EXPECT_EQ(device.memory[2].bandwidth, BytesPerSecond(20e9));
  EXPECT_EQ(device.units, 8);
  EXPECT_EQ(device.facts.front().path, "units");
  EXPECT_EQ(device.facts.front().source, "what-if (--set)");
  EXPECT_EQ(load_device("board", {{"dram.bandwidth", "400GB/s"}}).memory[2].bandwidth, BytesPerSecond(400e9))
      << "a what-if may exceed what the caches pass on";
}

TEST(DeviceLibrary, TakesTheClockAsAnOperatingPoint) {
  const UserFolder user;
  const Device slow = load_device("board", {{"clock", "600MHz"}});
  EXPECT_EQ(slow.clock, Hertz(600e6));
  EXPECT_EQ(slow.nominal_clock, Hertz(1e9));
  EXPECT_EQ(load_device("board", {{"clock", "x0.5"}}).clock, Hertz(500e6));
  EXPECT_EQ(error_of([] {
              load_device("board", {{"clock", "2GHz"}});
            }),
            "board: clock: clock of 2.000 GHz is out of range; board runs from 500.0 MHz to 1.000 GHz");
  EXPECT_EQ(error_of([] {
              load_device("board", {{"clock", "600MB"}});
            }),
            "--set: clock: wrong unit: expected Hz, found '600MB' (B)");
}

TEST(DeviceLibrary, ChecksWhatIfsLikeAFile) {
  const UserFolder user;
  EXPECT_EQ(error_of([] {
              load_device("board", {{"units", "0"}});
            }),
            "--set: units: expected an integer from 1 to 100000, found '0'");
  EXPECT_EQ(error_of([] {
              load_device("board", {{"power.limit", "1W"}});
            }),
            "--set: power.limit: limit of 1.00 W is not above idle of 2.00 W");
  EXPECT_EQ(error_of([] {
              load_device("board", {{"drm.bandwidth", "x2"}});
            }).substr(0, 71),
            "--set: drm.bandwidth: unknown key; did you mean 'dram.bandwidth'?");
  EXPECT_EQ(error_of([] {
              load_device("board", {{"bandwidth", "x2"}});
            }),
            "--set: bandwidth: ambiguous key; it could be: memory.l1.bandwidth, memory.l2.bandwidth, "
            "memory.dram.bandwidth");
}

TEST(DeviceLibrary, ReadsTheFolderOfTheEnvironment) {
  setenv("RIDGELINE_DATA", "/nowhere", 1);
  EXPECT_EQ(data_folder(), "/nowhere");
  EXPECT_TRUE(device_names().empty());
  unsetenv("RIDGELINE_DATA");
  EXPECT_EQ(data_folder(), RIDGELINE_SOURCE_DIR);
}

}  // namespace
}  // namespace ridgeline
