#include "calib/measuring/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/random.hpp"
#include "data/sets.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

/// Points of [0, 1)^n: multiples of the powers of 1/g, where g is the positive root of g^(n+1) = g + 1.
class SpacedDraws {
 public:
  SpacedDraws(std::size_t dimensions, std::uint64_t seed) {
    double g = 2;
    for (int i = 0; i < 60; ++i) g = std::pow(1 + g, 1 / static_cast<double>(dimensions + 1));
    Random random(seed);
    for (std::size_t d = 0; d < dimensions; ++d) {
      steps_.push_back(std::pow(1 / g, static_cast<double>(d + 1)));
      point_.push_back(random.uniform());
    }
  }
  void next() {
    for (std::size_t d = 0; d < steps_.size(); ++d) point_[d] = std::fmod(point_[d] + steps_[d], 1.0);
    used_ = 0;
  }
  /// The next coordinate, as one of `count` equal parts.
  Size choose(Size count) {
    return std::min(count - 1, static_cast<Size>(point_[used_++] * static_cast<double>(count)));
  }

 private:
  std::vector<double> steps_, point_;
  std::size_t used_ = 0;
};

constexpr std::size_t kDimensions = 6;

Workload drawn_workload(SpacedDraws& spread, Task task, std::string_view runtime) {
  Workload w;
  w.task = task;
  w.batch = Size{1} << spread.choose(4);
  w.length = 32 * (1 + spread.choose(16));
  set_runtime(w, runtime);
  return w;
}

Architecture bert_like(Size layers, Size width) {
  Architecture a;
  a.family = "bert";
  a.name = fmt::format("bert-l{}-w{}", layers, width);
  a.embeddings = {.vocabulary = 30522, .width = width, .positions = 512, .token_types = 2, .norm = true};
  const Attention attention{.heads = width / 64, .key_value_heads = width / 64, .head_dim = 64};
  a.encoder.layers.assign(
      static_cast<std::size_t>(layers),
      {.width = width, .sublayers = {{.body = attention}, {.body = FeedForward{.hidden = {4 * width}}}}});
  a.head.pooler = true;
  a.max_length = 512;
  return a;
}

PlannedModel bert_point(SpacedDraws& spread, std::uint64_t, std::string_view runtime) {
  const Workload w = drawn_workload(spread, Task::encode, runtime);
  const Size layers = 1 + spread.choose(12), width = 64 * (2 + spread.choose(11));
  return {{}, {}, bert_like(layers, width), w};
}

PlannedModel flexibert_point(SpacedDraws& spread, std::uint64_t seed, std::string_view runtime) {
  using enum HeadKind;
  const Workload w = drawn_workload(spread, Task::encode, runtime);
  const Size layers = 2 * (1 + spread.choose(6));
  Random random(seed);  // what differs from layer to layer
  Architecture a;
  a.family = "flexibert";
  a.name = fmt::format("flexibert-{:06x}", random.below(1 << 24));
  a.embeddings = {.vocabulary = 50265, .positions = 514, .token_types = 1, .norm = true};
  for (Size i = 0; i < layers; i += 2) {  // layers come in equal pairs, as in the authors' models
    const Size width = random.below(2) ? 256 : 128, heads = random.below(2) ? 4 : 2;
    const std::array kinds{
        MixedHead{scaled_dot_product}, MixedHead{weighted_multiplicative}, MixedHead{dft}, MixedHead{dct},
        MixedHead{convolution, 5},     MixedHead{convolution, 9}};
    MixedAttention attention{.heads = {}, .head_dim = width / heads};
    const MixedHead half = kinds[random.below(kinds.size())], other = kinds[random.below(kinds.size())];
    for (Size h = 0; h < heads; ++h) attention.heads.push_back(h < heads / 2 ? half : other);
    const Size hidden = random.below(2) ? 1024 : 512;
    const FeedForward maps{.hidden = std::vector<Size>(1 + random.below(3), hidden)};
    for (int twice = 0; twice < 2; ++twice)
      a.encoder.layers.push_back({.width = width, .sublayers = {{.body = attention}, {.body = maps}}});
  }
  a.embeddings.width = a.encoder.layers.front().width;
  a.head = {.pooler = true, .classes = 2};
  a.max_length = 512;
  return {{}, {}, a, w};
}

PlannedModel gpt2_point(SpacedDraws& spread, std::uint64_t seed, std::string_view runtime) {
  Workload w = drawn_workload(spread, seed % 2 ? Task::decode_step : Task::prefill, runtime);
  const Size layers = 1 + spread.choose(12), width = 64 * (2 + spread.choose(11));
  Architecture a;
  a.family = "gpt2";
  a.name = fmt::format("gpt2-l{}-w{}", layers, width);
  a.embeddings = {.vocabulary = 50257, .width = width, .positions = 1024};
  const Attention attention{.heads = width / 64,
                            .key_value_heads = width / 64,
                            .head_dim = 64,
                            .causal = true,
                            .fused_projection = true,
                            .code = AttentionCode::gpt2};
  const FeedForward maps{.hidden = {4 * width}, .activation = Function::gelu_tanh};
  a.decoder.layers.assign(static_cast<std::size_t>(layers),
                          {.width = width,
                           .sublayers = {{.body = attention, .placement = NormPlacement::before},
                                         {.body = maps, .placement = NormPlacement::before}}});
  a.decoder.final_norm = true;
  a.head.language_model = true;
  a.max_length = 1024;
  return {{}, {}, a, w};
}

PlannedModel t5_point(SpacedDraws& spread, std::uint64_t seed, std::string_view runtime) {
  Workload w = drawn_workload(spread, Task::generate, runtime);
  const Size layers = 1 + spread.choose(4), width = 128 * (1 + spread.choose(4));
  w.new_tokens = 4 * (1 + static_cast<Size>(Random(seed).below(4)));
  Architecture a;
  a.family = "t5";
  a.name = fmt::format("t5-l{}-w{}", layers, width);
  a.embeddings = {.vocabulary = 32128, .width = width};
  Attention self{.heads = width / 64,
                 .key_value_heads = width / 64,
                 .head_dim = 64,
                 .position = Position::bucket_bias,
                 .position_buckets = 32,
                 .scaled = false,
                 .output_bias = false,
                 .weights = {.bias = false}};
  Attention causal = self, cross = self;
  causal.causal = true;
  cross.cross = true;
  cross.position = Position::none;
  const FeedForward maps{.hidden = {4 * width}, .activation = Function::relu, .weights = {.bias = false}};
  const auto sublayer = [](auto body) { return Sublayer{body, NormPlacement::before, NormKind::rms_norm}; };
  for (Size i = 0; i < layers; ++i) {
    a.encoder.layers.push_back({.width = width, .sublayers = {sublayer(self), sublayer(maps)}});
    a.decoder.layers.push_back({.width = width, .sublayers = {sublayer(causal), sublayer(cross), sublayer(maps)}});
  }
  a.encoder.final_norm = a.decoder.final_norm = true;
  a.encoder.final_norm_kind = a.decoder.final_norm_kind = NormKind::rms_norm;
  a.head.language_model = true;
  return {{}, {}, a, w};
}

using Point = PlannedModel (*)(SpacedDraws&, std::uint64_t, std::string_view);
struct Space {
  const char* name;
  Point point;
};
constexpr std::array kSpaces{Space{"flexibert", flexibert_point}, Space{"bert", bert_point},
                             Space{"gpt2", gpt2_point}, Space{"t5", t5_point}};

constexpr Size kBlockVocabulary = 1000;

/// The one layer of a block in the place of all layers.
void keep_layer(Stack& stack, std::size_t i) {
  if (stack.layers.empty()) return;
  Layer layer = stack.layers[std::min(i, stack.layers.size() - 1)];
  layer.shares_weights_with = -1;
  for (Sublayer& sublayer : layer.sublayers)
    if (Attention* a = std::get_if<Attention>(&sublayer.body)) a->memories = 1;
  stack.layers = {std::move(layer)};
}

/// Words as wide as the layer, unless the model widens them.
void narrow_words(Embeddings& e, Size width, Size block_width) {
  if (e.width == width) e.width = block_width;
}

Size first_width(const Architecture& a) {
  return (a.encoder.layers.empty() ? a.decoder : a.encoder).layers.front().width;
}

Architecture block_of(const Architecture& model, std::size_t i, bool last) {
  Architecture block = model;
  keep_layer(block.encoder, i);
  keep_layer(block.decoder, i);
  narrow_words(block.embeddings, first_width(model), first_width(block));
  if (block.decoder_embeddings)
    narrow_words(*block.decoder_embeddings, model.decoder.layers.front().width, block.decoder.layers.front().width);
  if (last) return block;
  block.encoder.final_norm = block.decoder.final_norm = false;
  block.head = {};
  for (Embeddings* e : {&block.embeddings, block.decoder_embeddings ? &*block.decoder_embeddings : nullptr})
    if (e && e->vocabulary > 0) e->vocabulary = std::min(e->vocabulary, kBlockVocabulary);
  return block;
}

}  // namespace

std::string planned_id(const std::string& model, const Workload& w) {
  std::string id = fmt::format("{}, {}, batch {}, length {}", model, name(w.task), w.batch, w.length);
  if (w.task == Task::generate) id += fmt::format(", {} new tokens", w.new_tokens);
  if (w.beams > 1) id += fmt::format(", {} beams", w.beams);
  return id;
}

void name_points(std::vector<PlannedModel>& plan) {
  std::map<std::string, int> seen;
  for (PlannedModel& planned : plan) {
    planned.model = name_of(planned.definition);
    planned.id = planned_id(planned.model, planned.workload);
    if (const int before = seen[planned.id]++; before > 0) planned.id += fmt::format(" #{}", before + 1);
  }
}

std::vector<PlannedModel> blocks_of(const std::vector<PlannedModel>& plan) {
  std::vector<PlannedModel> blocks;
  for (const PlannedModel& planned : plan) {
    const auto* model = std::get_if<Architecture>(&planned.definition);
    if (!model) {
      blocks.push_back(planned);
      continue;
    }
    const std::size_t count = std::max(model->encoder.layers.size(), model->decoder.layers.size());
    for (std::size_t i = 0; i < count; ++i) {
      Architecture block = block_of(*model, i, i + 1 == count);
      block.name = model->name;
      const bool known = std::any_of(blocks.begin(), blocks.end(), [&](const PlannedModel& other) {
        const auto* named = std::get_if<Architecture>(&other.definition);
        if (!named || other.workload != planned.workload) return false;
        Architecture renamed = *named;
        renamed.name = block.name;
        return renamed == block;
      });
      if (!known) blocks.push_back({{}, {}, std::move(block), planned.workload});
    }
  }
  for (PlannedModel& block : blocks)
    if (auto* model = std::get_if<Architecture>(&block.definition)) model->name += " block";
  name_points(blocks);
  return blocks;
}

std::vector<std::string> measured_spaces() {
  std::vector<std::string> names;
  for (const Space& space : kSpaces) names.emplace_back(space.name);
  names.emplace_back("mixed");
  return names;
}

std::vector<PlannedModel> draw_models(std::string_view space, std::size_t count, std::uint64_t seed,
                                      std::string_view runtime) {
  std::vector<Space> chosen;
  for (const Space& s : kSpaces)
    if (space == "mixed" || space == s.name) chosen.push_back(s);
  if (chosen.empty()) throw_unknown_name({"--models", 0, 0, ""}, "space", space, measured_spaces());
  std::vector<SpacedDraws> spreads;
  Random random(seed);
  for (std::size_t s = 0; s < chosen.size(); ++s) spreads.emplace_back(kDimensions, random());
  std::vector<PlannedModel> plan;
  for (std::size_t i = 0; i < count; ++i) {
    SpacedDraws& spread = spreads[i % chosen.size()];
    spread.next();
    plan.push_back(chosen[i % chosen.size()].point(spread, random(), runtime));
  }
  name_points(plan);
  return plan;
}

}  // namespace ridgeline
