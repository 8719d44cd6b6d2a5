#include "model/onnx/patterns.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace ridgeline {
namespace {

class PatternFinder {
 public:
  explicit PatternFinder(GivenGraph& graph) : graph_(graph), gone_(graph.operators.size()) {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) number_[graph.operators[i].name] = i;
    for (std::size_t i = 0; i < graph.operators.size(); ++i)
      for (const std::string& input : graph.operators[i].inputs) readers_[input].push_back(i);
    kept_.insert(graph.outputs.begin(), graph.outputs.end());
    kept_.insert(graph.operators.back().name);
  }

  void run() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (gone_[i]) continue;
      if (std::holds_alternative<MatMul>(graph_.operators[i].op)) add_bias(i);
      if (std::holds_alternative<Reduction>(graph_.operators[i].op)) find_layer_norm(i);
      if (is(i, Function::scale) || is(i, Function::multiply)) find_gelu(i);
    }
    std::vector<GivenOperator> left;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (gone_[i]) continue;
      for (std::string& input : graph_.operators[i].inputs) input = renamed(input);
      left.push_back(std::move(graph_.operators[i]));
    }
    graph_.operators = std::move(left);
    for (std::string& output : graph_.outputs) output = renamed(output);
  }

 private:
  using Found = std::optional<std::size_t>;

  const GivenOperator& at(std::size_t i) const { return graph_.operators[i]; }
  const Elementwise* elementwise(std::size_t i) const { return std::get_if<Elementwise>(&at(i).op); }
  bool is(std::size_t i, Function function) const {
    const Elementwise* e = elementwise(i);
    return e && e->function == function;
  }
  bool reads(std::size_t i, const std::string& name) const {
    return std::find(at(i).inputs.begin(), at(i).inputs.end(), name) != at(i).inputs.end();
  }
  const std::string& renamed(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? name : found->second;
  }

  /// The one operator that reads the result of `i`, of that function; nothing where others read it too.
  Found next(std::size_t i, Function function, Size parameters = 0) const {
    const auto found = readers_.find(at(i).name);
    if (found == readers_.end() || found->second.size() != 1 || kept_.contains(at(i).name)) return std::nullopt;
    const std::size_t reader = found->second.front();
    const bool fits = is(reader, function) && elementwise(reader)->parameters == parameters && !gone_[reader];
    return fits ? Found(reader) : std::nullopt;
  }

  /// `parts` become one operator in the place and under the name of the last of them.
  void join(const std::vector<std::size_t>& parts, const Operator& op, const std::string& input,
            const std::string& weights) {
    GivenOperator& last = graph_.operators[parts.back()];
    for (const std::size_t part : parts) gone_[part] = part != parts.back();
    for (const std::size_t part : parts)
      if (at(part).stored_as) last.stored_as = at(part).stored_as;
    last.op = op;
    last.inputs = {input};
    last.weights = weights;
  }

  void add_bias(std::size_t product) {
    auto matmul = std::get<MatMul>(at(product).op);
    const Found bias = next(product, Function::bias, matmul.columns);
    if (matmul.bias || !bias || elementwise(*bias)->elements != matmul.rows * matmul.columns) return;
    matmul.bias = true;
    GivenOperator& joined = graph_.operators[product];
    joined.op = matmul;
    names_[at(*bias).name] = joined.name;
    readers_[joined.name] = readers_[at(*bias).name];
    if (kept_.contains(at(*bias).name)) kept_.insert(joined.name);
    gone_[*bias] = true;
  }

  void find_layer_norm(std::size_t mean) {
    const auto rows = std::get<Reduction>(at(mean).op);
    if (at(mean).inputs.size() != 1 || kept_.contains(at(mean).name)) return;
    const std::string& x = at(mean).inputs.front();
    const Found difference = next(mean, Function::add);
    if (!difference || !reads(*difference, x) || kept_.contains(at(*difference).name)) return;
    // The difference is squared, and divided by the root of the mean of that.
    const std::vector<std::size_t>& both = readers_[at(*difference).name];
    if (both.size() != 2) return;
    const auto [square, quotient] =
        is(both[0], Function::square) ? std::pair(both[0], both[1]) : std::pair(both[1], both[0]);
    if (!is(square, Function::square) || !is(quotient, Function::multiply)) return;
    const auto variances = readers_.find(at(square).name);
    if (variances == readers_.end() || variances->second.size() != 1) return;
    const std::size_t variance = variances->second.front();
    const auto* same = std::get_if<Reduction>(&at(variance).op);
    if (!same || same->rows != rows.rows || same->columns != rows.columns) return;
    const Found shifted = next(variance, Function::add);
    const Found root = shifted ? next(*shifted, Function::rsqrt) : std::nullopt;
    if (!root || !reads(quotient, at(*root).name) || readers_[at(*root).name].size() != 1) return;
    const Found scaled = next(quotient, Function::multiply, rows.columns);
    const Found moved = scaled ? next(*scaled, Function::bias, rows.columns) : std::nullopt;
    if (!moved || elementwise(*moved)->elements != rows.rows * rows.columns) return;
    for (const std::size_t inner : {square, variance, *shifted, *root, quotient})
      if (kept_.contains(at(inner).name)) return;
    join({mean, *difference, square, variance, *shifted, *root, quotient, *scaled, *moved},
         Normalisation{NormKind::layer_norm, rows.rows, rows.columns}, x, at(*scaled).weights);
  }

  /// From x/√2 on; exporters differ in where they halve.
  void find_gelu(std::size_t first) {
    if (at(first).inputs.size() != 1 || elementwise(first)->operands != 1) return;
    const std::string& x = at(first).inputs.front();
    const Found erf = next(first, Function::tanh);
    const Found one = erf ? next(*erf, Function::add) : std::nullopt;
    const Found product = one ? next(*one, Function::multiply) : std::nullopt;
    if (!product || elementwise(*product)->operands != 2) return;
    const Size elements = elementwise(*product)->elements;
    if (reads(*product, x)) {
      if (const Found half = next(*product, Function::scale))
        join({first, *erf, *one, *product, *half}, gelu(elements), x, "");
      return;
    }
    for (const std::string& input : at(*product).inputs) {
      const auto half = number_.find(input);
      if (half == number_.end() || half->second == *one || !is(half->second, Function::scale)) continue;
      if (reads(half->second, x) && next(half->second, Function::multiply) == product)
        join({first, *erf, *one, half->second, *product}, gelu(elements), x, "");
    }
  }
  static Elementwise gelu(Size elements) { return {.function = Function::gelu, .elements = elements}; }

  GivenGraph& graph_;
  std::vector<bool> gone_;
  std::unordered_map<std::string, std::size_t> number_;
  std::unordered_map<std::string, std::vector<std::size_t>> readers_;
  std::unordered_set<std::string> kept_;
  std::unordered_map<std::string, std::string> names_;  ///< of operators that became part of another
};

}  // namespace

void put_together(GivenGraph& graph) { PatternFinder(graph).run(); }

}  // namespace ridgeline
