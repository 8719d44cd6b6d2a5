#include <algorithm>
#include <string>
#include <vector>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

/// The chain of maps over `rows` tokens, whoever they are.
NodeNumber maps(Emitter& emit, const FeedForward& f, Size rows, NodeNumber input, const std::string& suffix) {
  const Size width = emit.context.width;
  Size in = width;
  NodeNumber x = input;
  for (std::size_t i = 0; i < f.hidden.size(); ++i) {
    const std::string number = (i == 0 ? "" : ' ' + std::to_string(i)) + suffix;
    const Size out = f.hidden[i];
    const auto map = [&](const std::string& label) {
      return emit.linear(label, x, rows, in, out, f.weights, f.weights.groups, f.weights.bias);
    };
    if (f.gated) {
      const NodeNumber gate = emit.activation(f.activation, rows * out, map("gate" + number), number);
      const NodeNumber up = map("up" + number);
      x = emit.elementwise(Function::multiply, rows * out, "gated" + number, {up, gate}, 2);
    } else {
      x = emit.activation(f.activation, rows * out, map("hidden" + number), number);
    }
    in = out;
  }
  return emit.linear("output" + suffix, x, rows, in, width, f.weights, f.weights.groups, f.weights.bias);
}

/// Hugging Face's Switch Transformers router: which expert takes which token, and with what weight.
NodeNumber route(Emitter& emit, const FeedForward& f, NodeNumber input) {
  using enum Function;
  const Size tokens = emit.context.tokens, all = tokens * f.experts;
  const NodeNumber logits = emit.linear("router", input, tokens, emit.context.width, f.experts, false);
  if (!emit.eager()) return emit.add(Routing{tokens, f.experts, f.chosen}, "routing", {logits});
  const NodeNumber weights = emit.add(Softmax{tokens, f.experts}, "router softmax", {logits});
  const NodeNumber best = emit.add(Reduction{tokens, f.experts}, "router best", {weights});
  NodeNumber chosen = emit.copy(Movement::fill, all, "chosen none", {});
  chosen = emit.copy(Movement::gather, tokens, "chosen", {chosen, best});
  const NodeNumber priority = emit.separate(add, all, "token priority", {chosen});
  const NodeNumber fits = emit.separate(compare, all, "token fits", {priority});
  emit.separate(multiply, all, "chosen fitting", {chosen, fits}, 2);
  return emit.view(1, "router weight", emit.add(Reduction{tokens, f.experts}, "router largest", {weights}));
}

/// Tokens of expert e when the router spreads them evenly.
Size share(const FeedForward& f, const SublayerContext& c, Size expert) {
  const Size all = c.tokens * f.chosen;
  const Size even = all / f.experts + (expert < all % f.experts ? 1 : 0);
  return f.capacity > 0 ? std::min(even, f.capacity * c.batch) : even;
}

/// Eager code loops over the experts; compilers dispatch tokens to all of them in one copy and combine in another.
NodeNumber mixture(Emitter& emit, const FeedForward& f, NodeNumber input) {
  const SublayerContext& c = emit.context;
  const Size elements = c.tokens * c.width;
  const NodeNumber weight = route(emit, f, input);
  NodeNumber source = input, result = kNoNode;
  if (emit.eager()) {
    emit.add(Reduction{c.tokens, f.experts}, "expert number", {});
    result = emit.copy(Movement::contiguous, elements, "clone", {input});
  } else {
    Size dispatched = 0;
    for (Size e = 0; e < f.experts; ++e) dispatched += share(f, c, e);
    source = emit.copy(Movement::gather, dispatched * c.width, "dispatch", {input, weight});
  }
  std::vector<NodeNumber> outputs;
  for (Size e = 0; e < f.experts; ++e) {
    const std::string suffix = ' ' + std::to_string(e);
    const Size rows = share(f, c, e);
    NodeNumber taken = source;
    if (emit.eager()) {
      const NodeNumber index = emit.separate(Function::compare, c.tokens, "tokens of" + suffix, {});
      if (rows > 0) taken = emit.copy(Movement::gather, rows * c.width, "gather" + suffix, {source, index});
    }
    if (rows == 0) continue;
    const NodeNumber mapped = maps(emit, f, rows, taken, suffix);
    if (emit.eager())
      result = emit.graph.add_scatter(rows * c.width, "scatter" + suffix, result, mapped);
    else
      outputs.push_back(mapped);
  }
  if (!emit.eager()) {
    result = emit.copy(Movement::gather, elements, "combine", {});
    for (const NodeNumber output : outputs) emit.graph.add_input(result, output);
  }
  return emit.elementwise(Function::multiply, elements, "weighted", {result, weight});
}

}  // namespace

std::int32_t lower_feed_forward(Emitter& emit, const FeedForward& feed_forward, std::int32_t input) {
  const NodeNumber result = feed_forward.experts > 0 ? mixture(emit, feed_forward, input)
                                                     : maps(emit, feed_forward, emit.context.tokens, input, "");
  return emit.dropout(emit.context.tokens * emit.context.width, "output dropout", result);
}

}  // namespace ridgeline
