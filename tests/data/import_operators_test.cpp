#include "data/import_operators.hpp"

#include <set>

#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

const std::string kProducts =
    "OPName,Latency,Device,Grid x,B,M,N,K\n"
    "bmm,0.5,Tesla T4,4,12,128,64,96\n"
    "linear,2.0,NVIDIA A100-PCIE-40GB,8,1,512,1024,4096\n"
    "linear,nan,Tesla P4,8,1,512,1024,4096\n";
const std::string kRows =
    "OPName,Latency,Device,B,H,large\n"
    "softmax,0.1,Tesla T4,100,64,True\n"
    "ln,0.2,Tesla T4,100,32,True\n"
    "add,0.3,Tesla T4,100,16,True\n"
    "addu,0.4,Tesla T4,100,16,True\n"
    "powu,0.5,Tesla T4,100,16,True\n";

TEST(ImportOperators, ReadsMatrixProducts) {
  const Folder folder;
  const OperatorMeasurements measured = import_operators(folder.write("linear.csv", kProducts));
  ASSERT_EQ(measured.rows.size(), 2u);
  EXPECT_EQ(measured.rows[0].id, "linear.csv:2");
  EXPECT_EQ(measured.rows[0].device, "t4");
  EXPECT_DOUBLE_EQ(measured.rows[0].latency.si(), 0.5e-3);
  EXPECT_EQ(measured.rows[0].op, Operator(BatchedMatMul{.batch = 12, .rows = 128, .columns = 64, .inner = 96}));
  EXPECT_EQ(measured.rows[1].device, "a100-pcie-40gb");
  EXPECT_EQ(measured.rows[1].op,
            Operator(MatMul{.rows = 512, .columns = 4096, .inner = 1024, .groups = 1, .bias = false}));
  ASSERT_EQ(measured.excluded.size(), 1u);
  EXPECT_EQ(measured.excluded[0].id, "linear.csv:4");
  EXPECT_EQ(measured.excluded[0].reason, "latency is not a positive number: nan ms");
}

TEST(ImportOperators, ReadsOperatorsOnRows) {
  const Folder folder;
  const OperatorMeasurements measured = import_operators(folder.write("rows.csv", kRows));
  ASSERT_EQ(measured.rows.size(), 5u);
  EXPECT_EQ(measured.rows[0].op, Operator(Softmax{100, 64}));
  EXPECT_EQ(measured.rows[1].op, Operator(Normalisation{NormKind::layer_norm, 100, 32}));
  EXPECT_EQ(measured.rows[2].op, Operator(Elementwise{Function::add, 1600, 2}));
  EXPECT_EQ(measured.rows[3].op, Operator(Elementwise{Function::add, 1600, 1}));
  EXPECT_EQ(measured.rows[4].op, Operator(Elementwise{Function::exp, 1600, 1}));
}

TEST(ImportOperators, WrongRows) {
  const Folder folder;
  const auto complaint = [&](const std::string& from, const std::string& to) {
    std::string text = kRows;
    const std::filesystem::path file = folder.write("rows.csv", text.replace(text.find(from), from.size(), to));
    const std::string message = error_of([&] { import_operators(file); });
    EXPECT_TRUE(message.starts_with(file.string())) << message;
    return message.substr(std::min(message.size(), file.string().size()));
  };
  EXPECT_EQ(complaint("softmax", "softmx").substr(0, 72),
            ":2: OPName: unknown operator 'softmx'; did you mean 'softmax'? the opera");
  EXPECT_EQ(complaint("100,64", "100,0"), ":2: H: expected a positive size, found 0");
  EXPECT_EQ(complaint("100,64", "100,6.5"), ":2: H: expected an integer, found '6.5'");
  EXPECT_EQ(complaint("Tesla T4", "Tesla T5").substr(0, 68),
            ":2: Device: unknown device 'Tesla_T5'; did you mean 'Tesla_T4'? the ");
  EXPECT_EQ(complaint("Latency", "Time").substr(0, 30), ":1: missing column 'Latency'; ");
}

TEST(ImportOperators, PublicFilesAreReadWhole) {
  RIDGELINE_NEEDS_DATA("neusight/op");
  std::set<std::string> devices;
  std::size_t rows = 0;
  for (const std::string name : {"bmm.csv", "elem.csv", "linear.csv", "ln.csv", "softmax.csv"}) {
    const OperatorMeasurements measured = import_operators(shared_data() / "neusight" / "op" / name);
    EXPECT_TRUE(measured.excluded.empty());
    rows += measured.rows.size();
    for (const OperatorMeasurement& row : measured.rows) devices.insert(row.device);
  }
  EXPECT_EQ(devices.size(), 5u);
  EXPECT_GT(rows, 20000u);
}

}  // namespace
}  // namespace ridgeline
