#include "calib/live/given_operands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace ridgeline {

std::int64_t elements_of(const TensorShape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

CopiedNumbers copied_numbers(const Copy& copy) {
  CopiedNumbers n{.written = copy.elements};
  if (copy.movement == Movement::fill) return n;
  n.learned = copy.parameters;
  n.moved = copy.movement == Movement::unknown ? copy.source
                                               : (copy.source > 0 ? copy.source : copy.elements) - copy.parameters;
  return n;
}

std::int64_t broadcast_parameters(const Elementwise& op) {
  if (op.parameters >= op.elements) return op.elements;
  return std::gcd(op.parameters, op.elements);
}

namespace {

/// An operand as its operator needs it.
struct Wanted {
  TensorShape shape;
  std::size_t trailing;     ///< dimensions at the end that must be these; the others may be any that multiply so
  bool first_part = false;  ///< of a larger tensor is enough

  static Wanted exactly(TensorShape shape) {
    const std::size_t all = shape.size();
    return {std::move(shape), all};
  }
  static Wanted rows(Size rows, Size columns) { return {{rows, columns}, 1}; }
  static Wanted any(Size elements) { return {{elements}, 0}; }

  bool is_met_by(const TensorShape& other) const {
    if (trailing == shape.size()) return other == shape;
    return other.size() >= trailing && std::equal(shape.end() - static_cast<std::ptrdiff_t>(trailing), shape.end(),
                                                  other.end() - static_cast<std::ptrdiff_t>(trailing));
  }
};

/// What each kind of operator needs. `produced`: numbers of the results that it reads.
struct WantedOperands {
  const OperatorNode& node;
  const std::vector<Size>& produced;

  [[noreturn]] void fail(const std::string& why) const { throw Error(fmt::format("{}: {}", node.label, why)); }

  std::vector<Wanted> operator()(const MatMul& op) const { return {Wanted::rows(op.rows, op.inner)}; }
  std::vector<Wanted> operator()(const BatchedMatMul& op) const {
    const Size seconds = op.second_operands > 0 ? op.second_operands : op.batch;
    if (op.batch % seconds != 0)
      fail(fmt::format("{} products cannot share {} second operands evenly", op.batch, seconds));
    return {Wanted::exactly({seconds, op.batch / seconds * op.rows, op.inner}),
            Wanted::exactly({seconds, op.inner, op.columns})};
  }
  std::vector<Wanted> operator()(const FusedAttention& op) const {
    if (op.heads % op.key_value_heads != 0)
      fail(fmt::format("{} heads cannot share {} of keys and values evenly", op.heads, op.key_value_heads));
    const Size shared = op.heads / op.key_value_heads;
    const Wanted keys = Wanted::exactly({op.batch, op.key_value_heads, op.keys, op.head_dim});
    return {Wanted::exactly({op.batch, op.key_value_heads, shared * op.queries, op.head_dim}), keys, keys};
  }
  std::vector<Wanted> operator()(const Softmax& op) const { return {Wanted::rows(op.rows, op.columns)}; }
  std::vector<Wanted> operator()(const Normalisation& op) const { return {Wanted::rows(op.rows, op.columns)}; }
  std::vector<Wanted> operator()(const Elementwise& op) const {
    std::vector<Wanted> all(static_cast<std::size_t>(op.operands), Wanted::any(op.elements));
    const Size together = op.parameters > 0 ? broadcast_parameters(op) : op.elements;
    if (together < op.elements && !all.empty()) all.front() = Wanted::rows(op.elements / together, together);
    return all;
  }
  std::vector<Wanted> operator()(const Embedding&) const { return {}; }
  std::vector<Wanted> operator()(const FourierMixing& op) const {
    return {Wanted::exactly({op.batch, op.rows, op.columns})};
  }
  std::vector<Wanted> operator()(const DepthwiseConvolution& op) const {
    // As many places come out of a kernel of even length only where there is one more.
    return {Wanted::exactly({op.batch, op.channels, op.length + (op.kernel % 2 == 0 ? 1 : 0)})};
  }
  std::vector<Wanted> operator()(const DynamicConvolution& op) const {
    if (op.channels % op.groups != 0)
      fail(fmt::format("{} channels cannot share {} kernels evenly", op.channels, op.groups));
    const Size places = op.batch * op.length * op.groups;
    return {Wanted::exactly({places, op.channels / op.groups, op.kernel}), Wanted::exactly({places, op.kernel, 1})};
  }
  std::vector<Wanted> operator()(const Copy& op) const {
    const CopiedNumbers n = copied_numbers(op);
    if (op.movement == Movement::scatter) return {Wanted::any(node.output), Wanted{{n.written}, 1, true}};
    if (op.movement == Movement::concatenate &&
        std::accumulate(produced.begin(), produced.end(), n.learned) == n.written) {
      std::vector<Wanted> all;
      for (const Size elements : produced) all.push_back(Wanted::exactly({elements}));
      return all;
    }
    if (n.moved == 0) return {};
    return {Wanted{{n.moved}, n.keeps_shape() ? std::size_t{0} : std::size_t{1}, true}};
  }
  std::vector<Wanted> operator()(const View&) const {
    if (produced.empty()) return {};
    return {Wanted::any(produced.front())};
  }
  std::vector<Wanted> operator()(const Reduction& op) const { return {Wanted::rows(op.rows, op.columns)}; }
  std::vector<Wanted> operator()(const Routing& op) const {
    if (op.chosen > op.experts) fail(fmt::format("{} of {} experts cannot be chosen", op.chosen, op.experts));
    return {Wanted::rows(op.tokens, op.experts)};
  }
  std::vector<Wanted> operator()(const OptimiserStep&) const { fail("no operator of one pass"); }
};

/// The shape of each kind's result; `in`: the main operand's. calib/live/kernels_given.cpp makes them so.
struct ResultShape {
  const OperatorNode& node;
  const std::vector<GivenOperand>& operands;
  const TensorShape& in;

  TensorShape operator()(const MatMul& op) const {
    TensorShape shape = in;
    shape.back() = op.columns;
    return shape;
  }
  TensorShape operator()(const BatchedMatMul& op) const { return {in[0], in[1], op.columns}; }
  TensorShape operator()(const FusedAttention&) const { return in; }
  TensorShape operator()(const Softmax&) const { return in; }
  TensorShape operator()(const Normalisation&) const { return in; }
  TensorShape operator()(const Elementwise& op) const { return operands.empty() ? TensorShape{op.elements} : in; }
  TensorShape operator()(const Embedding& op) const { return {op.lookups, op.width}; }
  TensorShape operator()(const FourierMixing&) const { return in; }
  TensorShape operator()(const DepthwiseConvolution& op) const { return {op.batch, op.channels, op.length}; }
  TensorShape operator()(const DynamicConvolution&) const { return {in[0], in[1], 1}; }
  TensorShape operator()(const Copy& op) const {
    const CopiedNumbers n = copied_numbers(op);
    if (op.movement == Movement::scatter) return in;
    if (operands.size() > 1) return {n.written};
    if (n.keeps_shape() && n.written > 0) return in;
    if (n.repeats()) return {n.written / n.moved, n.moved};
    return {n.written};
  }
  TensorShape operator()(const View&) const { return in; }
  TensorShape operator()(const Reduction&) const {
    TensorShape shape = in;
    shape.back() = 1;
    return shape;
  }
  TensorShape operator()(const Routing& op) const { return {2, op.tokens, op.chosen}; }
  TensorShape operator()(const OptimiserStep&) const { return {}; }
};

/// Finds the producer of each operand, and its shape, in program order.
class OperandFinder {
 public:
  OperandFinder(const OperatorGraph& graph, Tensors& tensors)
      : graph_(graph), tensors_(tensors), shapes_(num_vertices(graph)), views_(num_vertices(graph)) {}

  std::vector<std::vector<GivenOperand>> find() && {
    for (OperatorVertex v = num_vertices(graph_); v-- > 0;) tell_views(v);
    std::vector<std::vector<GivenOperand>> all(num_vertices(graph_));
    for (OperatorVertex v = 0; v < num_vertices(graph_); ++v) {
      if (is_given(graph_[v]))
        shapes_[v] = {graph_[v].output};
      else
        all[v] = operands_at(v);
    }
    for (std::size_t i = 0; i < largest_.size(); ++i) {
      const at::Tensor buffer = tensors_.noise({largest_[i]});
      for (auto& operands : all)
        if (i < operands.size() && operands[i].place == kBuffer)
          operands[i].buffer = buffer.narrow(0, 0, elements_of(operands[i].shape)).view(operands[i].shape);
    }
    return all;
  }

 private:
  static constexpr std::size_t kBuffer = static_cast<std::size_t>(-1);

  std::vector<OperatorVertex> producers(OperatorVertex v) const {
    std::vector<OperatorVertex> all;
    for (auto [edge, end] = in_edges(v, graph_); edge != end; ++edge) all.push_back(source(*edge, graph_));
    return all;
  }
  std::vector<Wanted> wanted(OperatorVertex v, const std::vector<OperatorVertex>& producers) const {
    std::vector<Size> produced;
    for (const OperatorVertex producer : producers) produced.push_back(graph_[producer].output);
    return std::visit(WantedOperands{graph_[v], produced}, graph_[v].op);
  }

  /// The number of the producer that the operand comes from.
  std::size_t choose(const Wanted& operand, const std::vector<OperatorVertex>& producers,
                     std::vector<bool>& taken) const {
    const Size needed = elements_of(operand.shape);
    const auto find = [&](auto fits) {
      for (std::size_t i = 0; i < producers.size(); ++i)
        if (fits(i)) return i;
      return kBuffer;
    };
    const auto as_many = [&](std::size_t i) { return graph_[producers[i]].output == needed; };
    std::size_t found = find([&](std::size_t i) { return !taken[i] && as_many(i); });
    if (found == kBuffer) found = find(as_many);
    if (found == kBuffer && operand.first_part)
      found = find([&](std::size_t i) { return graph_[producers[i]].output > needed; });
    if (found != kBuffer) taken[found] = true;
    return found;
  }

  /// Readers come after what they read: the first one's word is the last.
  void tell_views(OperatorVertex v) {
    if (is_given(graph_[v])) return;
    const std::vector<OperatorVertex> from = producers(v);
    std::vector<bool> taken(from.size());
    for (const Wanted& operand : wanted(v, from)) {
      const std::size_t i = choose(operand, from, taken);
      if (i == kBuffer || graph_[from[i]].output != elements_of(operand.shape)) continue;
      if (operand.trailing > 0)
        views_[from[i]] = operand.shape;
      else if (elements_of(views_[v]) == elements_of(operand.shape))
        views_[from[i]] = views_[v];  // who takes any shape hands it on
    }
  }

  std::vector<GivenOperand> operands_at(OperatorVertex v) {
    const std::vector<OperatorVertex> from = producers(v);
    std::vector<bool> taken(from.size());
    std::vector<GivenOperand> operands;
    for (Wanted& operand : wanted(v, from)) {
      const bool like_first = !operands.empty() && std::holds_alternative<Elementwise>(graph_[v].op);
      if (like_first) operand = Wanted::exactly(operands.front().shape);
      operands.push_back(bound(operand, operands.size(), from, taken));
    }
    const bool is_view = std::holds_alternative<View>(graph_[v].op);
    const TensorShape nothing{0};
    const TensorShape& in = operands.empty() ? nothing : operands.front().shape;
    shapes_[v] = std::visit(ResultShape{graph_[v], operands, in}, graph_[v].op);
    if (is_view && !views_[v].empty() && elements_of(views_[v]) == elements_of(in)) shapes_[v] = views_[v];
    if (is_view && !operands.empty()) operands.front().view = shapes_[v];
    return operands;
  }

  GivenOperand bound(const Wanted& operand, std::size_t number, const std::vector<OperatorVertex>& from,
                     std::vector<bool>& taken) {
    GivenOperand result{.shape = operand.shape, .place = choose(operand, from, taken)};
    const Size needed = elements_of(operand.shape);
    if (result.place == kBuffer) {
      largest_.resize(std::max(largest_.size(), number + 1));
      largest_[number] = std::max(largest_[number], needed);
      return result;
    }
    const OperatorVertex producer = from[result.place];
    result.first_part = graph_[producer].output != needed;
    const TensorShape there = result.first_part ? TensorShape{needed} : shapes_[producer];
    if (operand.is_met_by(there))
      result.shape = there;
    else
      result.view = operand.shape;
    return result;
  }

  const OperatorGraph& graph_;
  Tensors& tensors_;
  std::vector<TensorShape> shapes_;  ///< of results, by vertex
  std::vector<TensorShape> views_;   ///< that the first reader needs, by vertex; empty: nobody minds
  std::vector<Size> largest_;        ///< numbers that a buffer must have, by number of the operand
};

}  // namespace

std::vector<std::vector<GivenOperand>> given_operands(const OperatorGraph& graph, Tensors& tensors) {
  return OperandFinder(graph, tensors).find();
}

}  // namespace ridgeline
