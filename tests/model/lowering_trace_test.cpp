// Our operators against traces of the Hugging Face models by torch.fx, one layer expanded, that NeuSight measured
// (sitar-lab/NeuSight, data/label): the same kinds with the same shapes, as often.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "model/lowering.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<Size>;
/// How often each operator, written as text, occurs.
using Census = std::map<std::string, int>;

std::vector<std::string> split_csv(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

Shape numbers(const std::string& text) {
  Shape shape;
  std::string digits;
  for (const char c : text + " ") {
    if (std::isdigit(static_cast<unsigned char>(c)))
      digits += c;
    else if (!digits.empty())
      shape.push_back(std::stoll(std::exchange(digits, "")));
  }
  return shape;
}

/// "[[8, 512], [1]]" -> {8, 512}, {1}.
std::vector<Shape> shapes(const std::string& text) {
  std::vector<Shape> all;
  std::size_t from = 1;
  while ((from = text.find('[', from)) != std::string::npos) {
    const std::size_t to = text.find(']', from);
    all.push_back(numbers(text.substr(from, to - from)));
    from = to;
  }
  return all;
}

Size product(const Shape& shape) { return std::accumulate(shape.begin(), shape.end(), Size{1}, std::multiplies<>()); }

std::string matmul(Size rows, Size columns, Size inner) {
  return fmt::format("matmul {}x{}x{}", rows, columns, inner);
}
std::string batched(Size n, Size rows, Size columns, Size inner) {
  return fmt::format("batched matmul {}: {}x{}x{}", n, rows, columns, inner);
}
std::string rows_of(std::string_view kind, const Shape& s) {
  return fmt::format("{} {}x{}", kind, product(s) / s.back(), s.back());
}

struct TraceRow {
  std::string op, target, type;
  std::vector<Shape> in;
  Shape out;
  bool scalar;  ///< a Python number or a tensor of one element
};

bool ends_with_any(const std::string& text, std::initializer_list<const char*> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const char* e) { return text.ends_with(e); });
}
bool contains_any(const std::string& text, std::initializer_list<const char*> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](const char* p) { return text.find(p) != std::string::npos; });
}

/// The operator of one row; empty for views, Python numbers and calls that return their argument.
std::string operator_of(const TraceRow& row, const TraceRow& before, bool training) {
  const std::string& t = row.target;
  if (row.op == "placeholder" || row.op == "output" || row.op == "get_attr") return "";
  if (row.scalar) return contains_any(t, {"method full ", "method tensor "}) ? "copy 1" : "";
  const Shape& x = row.in.empty() ? row.out : row.in.front();
  const Size elements = product(row.out);
  if (contains_any(t, {"method addmm "})) return matmul(row.in[1][0], row.in[2][1], row.in[2][0]);
  if (contains_any(t, {"method matmul ", "method bmm "})) {
    const Shape &a = row.in[0], &b = row.in[1];
    return batched(product(a) / a.back() / a[a.size() - 2], a[a.size() - 2], b.back(), a.back());
  }
  if (contains_any(t, {"softmax"}) && row.op == "call_function") return rows_of("softmax", row.out);
  if (contains_any(t, {"function embedding"})) return rows_of("embedding", row.out);
  if (contains_any(t, {"method ones ", "method full ", "method arange "})) return fmt::format("copy {}", elements);
  const bool after_permutation = before.target == "permute" || before.target == "transpose";
  if (t == "contiguous" || t == "reshape") return after_permutation ? fmt::format("copy {}", elements) : "";
  if (contains_any(t, {"dropout", ".drop"}) || t == "transformer.drop")
    return training ? fmt::format("element-wise {} of 1", elements) : "";
  if (row.op == "call_module") {
    if (ends_with_any(t, {"_embeddings", "wte", "wpe", "embed_tokens"})) return rows_of("embedding", row.out);
    if (ends_with_any(t, {"LayerNorm", "layer_norm", "ln_1", "ln_2", "ln_f"}))
      return rows_of("normalisation", row.out);
    if (!ends_with_any(t, {"activation", "activation_fn"}))
      return matmul(elements / row.out.back(), row.out.back(), x.back());
  }
  const bool views = t == "view" || t == "permute" || t == "transpose" || t == "expand" || t == "unsqueeze" ||
                     t == "split" || t == "type" || t == "type_as" || contains_any(t, {"getitem"});
  if (views || (t == "to" && row.type == before.type) || (t == "to" && row.type != "torch.bool")) return "";
  if (t == "long" && before.op == "call_function") return "";  // whole numbers already
  const auto full =
      std::count_if(row.in.begin(), row.in.end(), [&](const Shape& s) { return product(s) == elements; });
  return fmt::format("element-wise {} of {}", elements, full);
}

Census census(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  const bool training = file.filename().string().find("-train-") != std::string::npos;
  Census result;
  TraceRow before;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = split_csv(line);
    if (cells.size() < 5) continue;
    TraceRow row{cells[0], cells[1], cells[4], shapes(cells[2]), numbers(cells[3]), cells[3] == "(1,)"};
    if (const std::string op = operator_of(row, before, training); !op.empty()) ++result[op];
    if (!row.scalar) before = row;
  }
  return result;
}

std::string describe(const Operator& op) {
  struct {
    std::string operator()(const MatMul& m) const { return matmul(m.rows, m.columns, m.inner); }
    std::string operator()(const BatchedMatMul& m) const { return batched(m.batch, m.rows, m.columns, m.inner); }
    std::string operator()(const Softmax& s) const { return rows_of("softmax", {s.rows, s.columns}); }
    std::string operator()(const Normalisation& n) const { return rows_of("normalisation", {n.rows, n.columns}); }
    std::string operator()(const Embedding& e) const { return rows_of("embedding", {e.lookups, e.width}); }
    std::string operator()(const Copy& c) const { return fmt::format("copy {}", c.elements); }
    std::string operator()(const Elementwise& e) const {
      return fmt::format("element-wise {} of {}", e.elements, e.operands);
    }
  } visitor;
  return std::visit(
      [&](const auto& o) {
        if constexpr (requires { visitor(o); })
          return visitor(o);
        else
          return std::string();
      },
      op);
}

Census census(const OperatorGraph& graph) {
  Census result;
  for (OperatorVertex v = 0; v < num_vertices(graph); ++v) {
    if (graph[v].label.find("loss") != std::string::npos) continue;  // the traced models return logits
    if (const std::string op = describe(graph[v].op); !op.empty()) ++result[op];
  }
  return result;
}

/// What one has more often than the other.
std::string difference(const Census& a, const Census& b) {
  std::string text;
  for (const auto& [op, n] : a) {
    const auto found = b.find(op);
    const int more = n - (found == b.end() ? 0 : found->second);
    if (more > 0) text += fmt::format("{} times {}\n", more, op);
  }
  return text;
}

/// The traced models by the names of their files, one layer deep as they were traced.
Architecture traced(const std::string& model, bool training) {
  if (model == "bert_large") {
    if (training) return models::bert_pretraining(1024, 16, 4096, 1);
    Architecture a = models::bert(1024, 16, 4096, 1);
    a.head.classes = 2;
    return a;
  }
  if (model == "gpt2_large") return models::gpt2(1280, 20, 1, 1024);
  if (model == "gpt3_xl") return models::gpt2(3072, 24, 1, 2048);
  if (model == "gpt3_27") return models::gpt2(2560, 32, 1, 2048);
  return models::opt(2048, 32, 8192, 1);
}

TEST(LoweringTrace, OperatorsAreThoseOfTheTracedModels) {
  RIDGELINE_NEEDS_DATA("neusight/label");
  std::set<std::string> seen;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(shared_data() / "neusight" / "label")) {
    if (entry.path().extension() != ".csv") continue;
    const std::string stem = entry.path().stem().string();  // MODEL-inf-LENGTH-BATCH
    std::stringstream words(stem);
    std::string model, mode, length, batch;
    std::getline(words, model, '-');
    std::getline(words, mode, '-');
    std::getline(words, length, '-');
    std::getline(words, batch, '-');
    seen.insert(model + "-" + mode);
    const bool training = mode == "train";
    const Workload workload{
        .task = training ? Task::train : Task::encode, .batch = std::stoll(batch), .length = std::stoll(length)};
    const Census ours = census(lower(traced(model, training), workload).phases.front().graph);
    const Census theirs = census(entry.path());
    EXPECT_EQ(difference(theirs, ours), "") << "missing, " << entry.path();
    EXPECT_EQ(difference(ours, theirs), "") << "too many, " << entry.path();
  }
  EXPECT_GE(seen.size(), 7u) << "BERT-Large, GPT-2-Large (both also training), GPT-3-XL, GPT-3-2.7B, OPT-1.3B";
}

}  // namespace
}  // namespace ridgeline
