// ridgeline-train JOB RESULT: trains ensembles of small networks; calib/ensemble.hpp has the networks and the
// objective, calib/ensemble_job.hpp the two files.
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <cmath>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"

namespace {

using nlohmann::json;
using torch::Tensor;

/// Shapes: n rows, p features, q targets, m members, b = q·m networks, h hidden units.
struct Networks {
  Tensor hidden;       // [b·h, p]
  Tensor hidden_bias;  // [b·h]
  Tensor out;          // [b, h]
  Tensor out_bias;     // [b]
  Tensor linear;       // [b, p]
  Tensor spread;       // [b, h]
  Tensor spread_bias;  // [b]

  std::vector<Tensor> all() const { return {hidden, hidden_bias, out, out_bias, linear, spread, spread_bias}; }
};

struct Output {
  Tensor mean, log_spread;  // [n, b]
};

Output forward(const Networks& networks, const Tensor& x) {
  const auto b = networks.out.size(0), h = networks.out.size(1);
  const Tensor z = torch::addmm(networks.hidden_bias, x, networks.hidden.t());
  const Tensor a = (z * torch::rsqrt(1 + z * z)).view({x.size(0), b, h});
  return {(a * networks.out).sum(2) + networks.out_bias + torch::mm(x, networks.linear.t()),
          (a * networks.spread).sum(2) + networks.spread_bias};
}

Tensor matrix(const json& values, std::int64_t columns) {
  const auto flat = values.get<std::vector<double>>();
  return torch::tensor(flat, torch::kFloat64).view({-1, columns});
}

Tensor draw(ridgeline::Random& random, std::vector<std::int64_t> shape, double deviation) {
  Tensor result = torch::empty(shape, torch::kFloat64);
  double* data = result.data_ptr<double>();
  for (std::int64_t i = 0; i < result.numel(); ++i) data[i] = deviation * random.normal();
  return result.to(torch::kFloat32);
}

std::vector<double> flat(const Tensor& tensor) {
  const Tensor t = tensor.detach().to(torch::kFloat64).contiguous();
  return {t.data_ptr<double>(), t.data_ptr<double>() + t.numel()};
}

json train(const json& job) {
  const std::int64_t p = job.at("feature_count"), m = job.at("members"), h = job.at("hidden");
  const int steps = job.at("steps");
  const double nu = job.at("degrees_of_freedom"), rate = job.at("learning_rate");
  const double lowest = job.at("lowest_decay"), highest = job.at("highest_decay");
  const std::int64_t most = job.at("rows_per_step");
  ridgeline::Random random(job.at("seed").get<std::uint64_t>());

  const Tensor exact = matrix(job.at("features"), p);
  const std::int64_t n = exact.size(0);
  const json& targets = job.at("targets");
  const auto q = static_cast<std::int64_t>(targets.size()), b = q * m;
  std::vector<Tensor> columns, weights, decays;
  for (const json& target : targets) {
    const Tensor y = matrix(target.at("values"), 1), w = matrix(target.at("weights"), 1);
    for (std::int64_t k = 0; k < m; ++k) {
      Tensor bootstrap = torch::empty({n, 1}, torch::kFloat64);
      for (std::int64_t i = 0; i < n; ++i) bootstrap[i][0] = -std::log1p(-random.uniform());
      columns.push_back(y), weights.push_back(w * bootstrap);
    }
    decays.push_back(torch::logspace(std::log10(lowest), std::log10(highest), m, 10.0, torch::kFloat32));
  }
  const Tensor x = exact.to(torch::kFloat32), y = torch::cat(columns, 1).to(torch::kFloat32),
               w = torch::cat(weights, 1).to(torch::kFloat32), decay = torch::cat(decays);

  const double hidden_variance = 1.0 / static_cast<double>(p), out_variance = 1.0 / static_cast<double>(h);
  Networks net{draw(random, {b * h, p}, std::sqrt(hidden_variance)),
               draw(random, {b * h}, 0.5),
               draw(random, {b, h}, 0.1 * std::sqrt(out_variance)),
               torch::zeros({b}),
               torch::zeros({b, p}),
               torch::zeros({b, h}),
               torch::zeros({b})};
  std::vector<Tensor> parameters = net.all();
  for (Tensor& t : parameters) t.set_requires_grad(true);
  torch::optim::Adam adam(parameters, torch::optim::AdamOptions(rate));
  for (int step = 0; step < steps; ++step) {
    for (auto& group : adam.param_groups())
      static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate * 0.5 * (1 + std::cos(M_PI * step / steps)));
    Tensor xs = x, ys = y, ws = w;
    double share = 1;
    if (n > most) {
      std::vector<std::int64_t> chosen(static_cast<std::size_t>(most));
      for (std::int64_t& i : chosen) i = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
      const Tensor index = torch::tensor(chosen);
      xs = x.index_select(0, index), ys = y.index_select(0, index), ws = w.index_select(0, index);
      share = static_cast<double>(n) / static_cast<double>(most);
    }
    const Output o = forward(net, xs);
    const Tensor r2 = (ys - o.mean).square() * torch::exp(-2 * o.log_spread);
    const Tensor loss = (ws * (o.log_spread + 0.5 * (nu + 1) * torch::log1p(r2 / nu))).sum() * share;
    const auto per_network = [&](const Tensor& t) { return t.view({b, -1}).square().sum(1); };
    const Tensor penalty =
        0.5 * (decay * (per_network(net.hidden) / hidden_variance + per_network(net.hidden_bias) +
                        (per_network(net.out) + per_network(net.spread)) / out_variance + per_network(net.out_bias) +
                        per_network(net.spread_bias) + per_network(net.linear) / hidden_variance))
                  .sum();
    adam.zero_grad();
    (loss + penalty).backward();
    adam.step();
  }
  torch::NoGradGuard no_gradients;
  Networks final{net.hidden.to(torch::kFloat64),     net.hidden_bias.to(torch::kFloat64),
                 net.out.to(torch::kFloat64),        net.out_bias.to(torch::kFloat64),
                 net.linear.to(torch::kFloat64),     net.spread.to(torch::kFloat64),
                 net.spread_bias.to(torch::kFloat64)};
  const Output o = forward(final, exact);
  json result = {{"targets", json::array()}};
  for (std::int64_t t = 0; t < q; ++t) {
    const auto rows = [&](const Tensor& all, std::int64_t each) {
      return flat(all.slice(0, t * m * each, (t + 1) * m * each));
    };
    result["targets"].push_back({{"hidden", rows(final.hidden, h)},
                                 {"hidden_bias", rows(final.hidden_bias, h)},
                                 {"out", rows(final.out, 1)},
                                 {"out_bias", rows(final.out_bias, 1)},
                                 {"linear", rows(final.linear, 1)},
                                 {"spread", rows(final.spread, 1)},
                                 {"spread_bias", rows(final.spread_bias, 1)},
                                 {"mean", flat(o.mean.slice(1, t * m, (t + 1) * m).mean(1))},
                                 {"log_spread", flat(o.log_spread.slice(1, t * m, (t + 1) * m).mean(1))}});
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: ridgeline-train JOB RESULT (both JSON files)\n";
    return 2;
  }
  try {
    at::set_num_threads(1);
    // Each step frees and takes again the same megabytes; kept by the process they need not be cleared by the kernel.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    std::ifstream in(argv[1]);
    if (!in) throw ridgeline::Error(std::string("cannot read ") + argv[1]);
    const json job = json::parse(in);
    ridgeline::write_file_atomically(argv[2], train(job).dump());
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
