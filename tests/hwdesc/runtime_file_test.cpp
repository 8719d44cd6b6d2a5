#include "hwdesc/device_file.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kRuntime = R"(name: toy
title: A runtime
aliases: [toy-runtime]
sources: {book: "A. Author, A Book of Runtimes"}
dispatch: {kernel: 10 us, view: 1 us, source: book}
fusion: typical
runs_views: true
kernels:
  toy: {matrix: 0.5, threads: 1, packs_weights: true, source: book}
  cpu: {matrix: 0.8, bandwidth: 0.9, source: book}
)";

Runtime runtime(std::string_view old = "", std::string_view changed = "") {
  std::string text(kRuntime);
  return parse_runtime(parse_document(text.replace(text.find(old), old.size(), changed), "toy.yaml"));
}

std::string complaint(std::string_view old, std::string_view changed) {
  return error_of([&] { runtime(old, changed); });
}

TEST(RuntimeFile, ReadsEveryPart) {
  const Runtime toy = runtime();
  EXPECT_EQ(toy.name, "toy");
  EXPECT_NEAR(toy.dispatch_kernel.si(), 10e-6, 1e-18);
  EXPECT_NEAR(toy.dispatch_view.si(), 1e-6, 1e-18);
  EXPECT_EQ(toy.fusion, Fusion::typical);
  EXPECT_TRUE(toy.runs_views);
  EXPECT_EQ(toy.kernels[0].threads, 1);
  EXPECT_TRUE(toy.kernels[0].packs_weights);
  EXPECT_EQ(toy.facts.size(), 7u);
}

TEST(RuntimeFile, ChoosesKernelsByArchitectureThenKind) {
  const Runtime toy = runtime();
  Device device = board();
  EXPECT_EQ(toy.kernels_on(device).matrix, 0.5);
  device.architecture = "other";
  EXPECT_EQ(toy.kernels_on(device).matrix, 0.8);
  EXPECT_EQ(toy.kernels_on(device).bandwidth, 0.9);
  EXPECT_FALSE(toy.kernels_on(device).threads.has_value());
  device.kind = DeviceKind::gpu;
  EXPECT_EQ(toy.kernels_on(device).matrix, 1);
}

TEST(RuntimeFile, AllowsNoDispatchTimeAtAll) {
  EXPECT_EQ(runtime("kernel: 10 us, view: 1 us", "kernel: none, view: none").dispatch_kernel, Seconds{});
}

TEST(RuntimeFile, SaysWhatIsWrong) {
  EXPECT_EQ(complaint("typical", "tipical"),
            "toy.yaml:6:9: fusion: unknown fusion 'tipical'; did you mean 'typical'? the fusions are: none, typical, "
            "flash-attention");
  EXPECT_EQ(complaint("view: 1 us", "view: 20 us"),
            "toy.yaml:5:33: dispatch.view: a view takes no longer to dispatch than a kernel");
  EXPECT_EQ(complaint("matrix: 0.5", "matrix: 0"),
            "toy.yaml:9:17: kernels.toy.matrix: expected a share above 0 and at most 1, found '0'");
  EXPECT_EQ(complaint("kernel: 10 us", "kernel: 10 W"),
            "toy.yaml:5:20: dispatch.kernel: wrong unit: expected s, found '10 W' (W)");
  EXPECT_EQ(complaint("threads: 1", "thread: 1"),
            "toy.yaml:9:22: kernels.toy: unknown key 'thread'; did you mean 'threads'? the keys are: matrix, vector, "
            "bandwidth, threads, packs_weights, source, derived");
}

}  // namespace
}  // namespace ridgeline
