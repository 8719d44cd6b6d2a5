// ridgeline-agent: measures on boards that Ridgeline itself cannot be built on. One file, C++17, libtorch 1.8 or
// later:
//
//   g++ -std=c++17 -O2 ridgeline_agent.cpp -o ridgeline-agent -I$TORCH/include
//       -I$TORCH/include/torch/csrc/api/include -L$TORCH/lib -Wl,-rpath,$TORCH/lib -ltorch -ltorch_cpu -lc10
//   (with CUDA also -Wl,--no-as-needed -ltorch_cuda; with a libtorch of the old ABI -D_GLIBCXX_USE_CXX11_ABI=0)
//   ./ridgeline-agent plan.json results.csv [--threads N] [--cuda] [--seconds S] [--result-only]
//
// `ridgeline measure --agent-plan --out plan.json` writes the plan on a machine that has Ridgeline, with every call
// of libtorch that a model makes (calib/live/recording.hpp); `ridgeline import results.csv` takes the result there.
// Models of the plan are written beside the CSV, which names them. A line is on the disk as soon as its model is
// measured; what is there already is not measured again, so an interrupted run goes on when it is started again.
//
// Each model is warmed up until three runs take as long as the three before, within 5 %, or for 1.5 s; then it runs
// until half of the 95 % interval of the median (order statistics) is below 2 % of it, six times at least, for S
// seconds (4) at most: as in calib/measuring/repeats.hpp. With --cuda calls run on the first card, and the clock is
// read when it is done. The condition `result` says whether a processor's numbers are those of the machine that made
// the plan; a card draws other random ones.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <torch/cuda.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

/// A JSON value; integers stay integers.
struct Json {
  enum class Kind { null, truth, integer, number, text, list, map };
  Kind kind = Kind::null;
  bool truth = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<Json> list;
  std::map<std::string, Json> map;

  bool has(const std::string& key) const { return map.count(key) > 0; }
  const Json& at(const std::string& key) const {
    const auto found = map.find(key);
    if (found == map.end()) fail("the plan has no '" + key + "'");
    return found->second;
  }
};

class JsonReader {
 public:
  explicit JsonReader(const std::string& text) : text_(text) {}

  Json read() {
    const char c = next();
    if (c == '{') return read_map();
    if (c == '[') return read_list();
    if (c == '"') return read_text();
    if (word("null")) return {};
    Json value;
    value.kind = Json::Kind::truth;
    if (word("false")) return value;
    value.truth = true;
    if (word("true")) return value;
    return read_number();
  }

 private:
  char next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ >= text_.size()) fail("the plan ends too early");
    return text_[at_];
  }
  bool word(const char* wanted) {
    const std::string w = wanted;
    if (text_.compare(at_, w.size(), w) != 0) return false;
    at_ += w.size();
    return true;
  }
  /// Past a comma: true; past the end of what is read: false.
  bool more(char end) {
    const char c = next();
    if (c != ',' && c != end) fail("the plan is damaged at byte " + std::to_string(at_));
    ++at_;
    return c == ',';
  }
  Json read_map() {
    Json value;
    value.kind = Json::Kind::map;
    ++at_;
    if (next() == '}') return ++at_, value;
    do {
      next();
      const std::string key = read_text().text;
      if (next() != ':') fail("the plan is damaged at byte " + std::to_string(at_));
      ++at_;
      value.map[key] = read();
    } while (more('}'));
    return value;
  }
  Json read_list() {
    Json value;
    value.kind = Json::Kind::list;
    ++at_;
    if (next() == ']') return ++at_, value;
    do value.list.push_back(read());
    while (more(']'));
    return value;
  }
  Json read_text() {
    Json value;
    value.kind = Json::Kind::text;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        value.text += text_[at_];
        continue;
      }
      const char c = at_ + 1 < text_.size() ? text_[++at_] : '"';
      if (c == 'u') fail("the plan holds \\u, which this reader does not know");
      value.text += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
    ++at_;
    return value;
  }
  Json read_number() {
    Json value;
    const char* start = text_.c_str() + at_;
    char* end = nullptr;
    value.number = std::strtod(start, &end);
    if (end == start) fail("the plan is damaged at byte " + std::to_string(at_));
    const std::string digits(start, static_cast<std::size_t>(end - start));
    value.kind = digits.find_first_of(".eE") == std::string::npos ? Json::Kind::integer : Json::Kind::number;
    if (value.kind == Json::Kind::integer) value.integer = std::strtoll(start, nullptr, 10);
    at_ += digits.size();
    return value;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

using Tensors = std::vector<at::Tensor>;

/// One argument, made ready: a value, or tensors that are looked up at every call.
struct Argument {
  c10::IValue value;
  std::int64_t tensor = -1;
  std::vector<std::int64_t> tensors;  ///< of a list; -1: none
  enum class Kind { value, tensor, tensors, optional_tensors } kind = Kind::value;
};

struct Call {
  c10::OperatorHandle op;
  std::vector<Argument> arguments;
  std::vector<std::vector<std::int64_t>> results;  ///< by returned value: its tensors
  std::vector<std::int64_t> freed;
};

c10::TypePtr without_optional(c10::TypePtr type) {
  while (type->kind() == c10::TypeKind::OptionalType) type = type->containedTypes().at(0);
  return type;
}

class Model {
 public:
  Model(const Json& calls, const at::Device& device) : device_(device) {
    at::manual_seed(static_cast<std::uint64_t>(calls.at("seed").integer));
    for (const Json& call : calls.at("setup").list) run(ready(call, calls));
    for (const Json& call : calls.at("run").list) calls_.push_back(ready(call, calls));
    result_ = static_cast<std::size_t>(calls.at("result").at("tensor").integer);
    wanted_ = std::strtod(calls.at("result").at("mean").text.c_str(), nullptr);
  }

  void run() {
    for (const Call& call : calls_) run(call);
    if (device_.is_cuda()) torch::cuda::synchronize();
  }

  double result_mean() const { return tensors_.at(result_).abs().to(at::kDouble).mean().item<double>(); }
  double wanted_mean() const { return wanted_; }

 private:
  Call ready(const Json& call, const Json& calls) {
    const Json& named = calls.at("operators").list.at(static_cast<std::size_t>(call.list.at(0).integer));
    const std::string name = named.list.at(0).text, overload = named.list.at(1).text;
    const auto op = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!op) fail("libtorch " TORCH_VERSION " has no operator " + name + "." + overload);
    Call made{*op, {}, {}, {}};
    const std::vector<Json>& names = named.list.at(2).list;
    const std::vector<Json>& given = call.list.at(1).list;
    // Versions differ in what has been added behind: arguments go by name, defaults fill the rest.
    for (const c10::Argument& wanted : op->schema().arguments()) {
      std::size_t i = 0;
      while (i < given.size() && names.at(i).text != wanted.name()) ++i;
      if (i < given.size()) {
        made.arguments.push_back(argument(given[i], wanted));
      } else if (wanted.default_value()) {
        made.arguments.push_back({*wanted.default_value(), -1, {}, Argument::Kind::value});
      } else {
        fail(name + " wants '" + wanted.name() + "' in libtorch " TORCH_VERSION);
      }
    }
    for (const Json& result : call.list.at(2).list) {
      std::vector<std::int64_t>& numbers = made.results.emplace_back();
      if (result.kind == Json::Kind::integer) numbers.push_back(result.integer);
      if (result.has("ts"))
        for (const Json& one : result.at("ts").list) numbers.push_back(one.integer);
    }
    for (const Json& one : call.list.at(3).list) made.freed.push_back(one.integer);
    return made;
  }

  Argument argument(const Json& json, const c10::Argument& wanted) const {
    const c10::TypePtr type = without_optional(wanted.type());
    Argument made;
    if (type->kind() == c10::TypeKind::DeviceObjType) {  // wherever this runs
      made.value = device_;
      return made;
    }
    if (json.has("t")) {
      made.kind = Argument::Kind::tensor;
      made.tensor = json.at("t").integer;
    } else if (json.has("ts")) {
      const bool optional = type->containedTypes().at(0)->kind() == c10::TypeKind::OptionalType;
      made.kind = optional ? Argument::Kind::optional_tensors : Argument::Kind::tensors;
      for (const Json& one : json.at("ts").list)
        made.tensors.push_back(one.kind == Json::Kind::integer ? one.integer : -1);
    } else if (json.has("d")) {
      made.value = std::strtod(json.at("d").text.c_str(), nullptr);
    } else if (json.has("s")) {
      made.value = json.at("s").text;
    } else if (json.kind == Json::Kind::truth) {
      made.value = json.truth;
    } else if (json.kind == Json::Kind::integer) {
      if (type->kind() == c10::TypeKind::ListType) {  // libtorch takes one number for a list of equal ones
        made.value = c10::List<std::int64_t>({json.integer});
      } else if (type->kind() == c10::TypeKind::FloatType) {
        made.value = static_cast<double>(json.integer);
      } else {
        made.value = json.integer;
      }
    } else if (json.kind == Json::Kind::list) {
      made.value = list(json, type);
    }
    return made;
  }

  static c10::IValue list(const Json& json, const c10::TypePtr& type) {
    const c10::TypeKind element = type->containedTypes().at(0)->kind();
    if (element == c10::TypeKind::BoolType) {
      c10::List<bool> made;
      for (const Json& one : json.list) made.push_back(one.truth);
      return made;
    }
    if (element == c10::TypeKind::FloatType) {
      c10::List<double> made;
      for (const Json& one : json.list)
        made.push_back(one.has("d") ? std::strtod(one.at("d").text.c_str(), nullptr)
                                    : static_cast<double>(one.integer));
      return made;
    }
    if (element == c10::TypeKind::TensorType) return c10::List<at::Tensor>();
    c10::List<std::int64_t> made;
    for (const Json& one : json.list) made.push_back(one.integer);
    return made;
  }

  at::Tensor tensor(std::int64_t number) const {
    return number < 0 ? at::Tensor() : tensors_.at(static_cast<std::size_t>(number));
  }

  void run(const Call& call) {
    stack_.clear();
    for (const Argument& argument : call.arguments) {
      switch (argument.kind) {
        case Argument::Kind::value:
          stack_.push_back(argument.value);
          break;
        case Argument::Kind::tensor:
          stack_.emplace_back(tensor(argument.tensor));
          break;
        case Argument::Kind::tensors: {
          c10::List<at::Tensor> made;
          for (const std::int64_t number : argument.tensors) made.push_back(tensor(number));
          stack_.emplace_back(std::move(made));
          break;
        }
        case Argument::Kind::optional_tensors: {
          c10::List<c10::optional<at::Tensor>> made;
          for (const std::int64_t number : argument.tensors)
            made.push_back(number < 0 ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(tensor(number)));
          stack_.emplace_back(std::move(made));
          break;
        }
      }
    }
    call.op.callBoxed(&stack_);
    for (std::size_t i = 0; i < call.results.size() && i < stack_.size(); ++i) {
      const std::vector<std::int64_t>& numbers = call.results[i];
      if (stack_[i].isTensor() && numbers.size() == 1 && numbers[0] >= 0) keep(numbers[0], stack_[i].toTensor());
      if (!stack_[i].isTensorList()) continue;
      const auto many = stack_[i].toTensorVector();
      for (std::size_t k = 0; k < numbers.size() && k < many.size(); ++k) keep(numbers[k], many[k]);
    }
    stack_.clear();
    for (const std::int64_t number : call.freed) tensors_[static_cast<std::size_t>(number)] = at::Tensor();
  }

  void keep(std::int64_t number, at::Tensor tensor) {
    const auto i = static_cast<std::size_t>(number);
    if (i >= tensors_.size()) tensors_.resize(i + 1);
    tensors_[i] = std::move(tensor);
  }

  at::Device device_;
  Tensors tensors_;
  std::vector<Call> calls_;
  std::vector<c10::IValue> stack_;
  std::size_t result_ = 0;
  double wanted_ = 0;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double seconds_of_a_run(Model& model) {
  const double before = now();
  model.run();
  return now() - before;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// Half of the 95 % interval of the median by order statistics, relative to it.
double uncertainty(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size()), half = 1.96 * std::sqrt(n) / 2;
  const auto ranked = [&](double rank) {
    return values[static_cast<std::size_t>(std::min(std::max(rank, 1.0), n)) - 1];
  };
  return (ranked(std::ceil(n / 2 + half + 1)) - ranked(std::floor(n / 2 - half))) / 2 / median(values);
}

struct Options {
  std::string plan, results;
  int threads = 0;
  bool cuda = false, result_only = false;
  double seconds = 4;
};

std::vector<double> measure(Model& model, double longest) {
  std::vector<double> warming, timed;
  double spent = 0;
  const auto middle = [&](std::size_t back) {
    const auto end = warming.end() - static_cast<std::ptrdiff_t>(back);
    return median({end - 3, end});
  };
  while (spent < 1.5 && (warming.size() < 6 || std::abs(middle(0) / middle(3) - 1) >= 0.05)) {
    warming.push_back(seconds_of_a_run(model));
    spent += warming.back();
  }
  for (spent = 0; timed.size() < 6 || (spent < longest && timed.size() < 1000 && uncertainty(timed) > 0.02);) {
    timed.push_back(seconds_of_a_run(model));
    spent += timed.back();
  }
  return timed;
}

std::string quoted(const std::string& text) {
  std::string all = "\"";
  for (const char c : text) all += c == '"' ? std::string("\"\"") : std::string(1, c);
  return all + "\"";
}

/// Appended and on the disk.
void append(const std::string& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (descriptor < 0) fail(file + " cannot be written");
  const bool whole = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::fsync(descriptor);
  ::close(descriptor);
  if (!whole) fail(file + " cannot be written");
}

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file + " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* kHeader =
    "model,device,runtime,task,length,batch,new_tokens,beams,latency [s],latency_std [s],order,planned,runs,libtorch,"
    "threads,result\n";
constexpr std::size_t kHeaderColumns = 16;

/// What is measured already, by the number in the plan; a last line that is not whole is cut off.
std::set<std::int64_t> already(const std::string& file) {
  std::set<std::int64_t> done;
  std::ifstream in(file, std::ios::binary);
  if (!in) return done;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t whole = text.rfind('\n') + 1;
  if (whole < text.size() && ::truncate(file.c_str(), static_cast<off_t>(whole)) != 0) fail(file + " cannot be cut");
  std::istringstream lines(text.substr(0, whole));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, ',');) cells.push_back(cell);
    if (cells.size() < kHeaderColumns) continue;  // quotes may hold commas, but only in front
    const std::string& planned = cells[cells.size() - 5];
    if (planned != "planned") done.insert(std::stoll(planned));
  }
  return done;
}

double deviation(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  return values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
}

void run_plan(const Options& options) {
  const std::string text = read_file(options.plan);
  const Json plan = JsonReader(text).read();
  const at::Device device(options.cuda ? at::kCUDA : at::kCPU);
  if (options.cuda && !torch::cuda::is_available()) fail("this libtorch finds no CUDA card");
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::NoGradGuard no_gradients;
  const std::set<std::int64_t> done = options.result_only ? std::set<std::int64_t>() : already(options.results);
  const std::vector<Json>& models = plan.at("models").list;
  if (!options.result_only && done.empty() && !std::ifstream(options.results)) append(options.results, kHeader);
  std::int64_t number = -1;
  for (const Json& planned : models) {
    ++number;
    const std::string id = planned.at("id").text;
    if (done.count(number) > 0) continue;
    std::cerr << number + 1 << " of " << models.size() << ": " << id << "\n";
    try {
      const auto model = std::make_unique<Model>(planned.at("calls"), device);
      model->run();
      const double mean = model->result_mean(), wanted = model->wanted_mean();
      const bool same =
          std::abs(mean - wanted) <= 1e-4 * std::abs(wanted) || (std::isnan(mean) && std::isnan(wanted));
      if (options.result_only) {
        std::printf("%a %a\n", mean, wanted);
        continue;
      }
      const std::vector<double> runs = measure(*model, options.seconds);
      const std::string file = options.results + "." + std::to_string(number) + ".yaml";
      std::ofstream(file) << planned.at("model").text;
      const std::int64_t new_tokens = planned.at("new_tokens").integer;
      char line[512];
      std::snprintf(line, sizeof line, "%lld,%lld,%s,%lld,%.9g,%.3g,%lld,%lld,%zu,%s,%d,%s\n",
                    static_cast<long long>(planned.at("length").integer),
                    static_cast<long long>(planned.at("batch").integer),
                    new_tokens > 0 ? std::to_string(new_tokens).c_str() : "",
                    static_cast<long long>(planned.at("beams").integer), median(runs), deviation(runs),
                    static_cast<long long>(number), static_cast<long long>(number), runs.size(), TORCH_VERSION,
                    at::get_num_threads(),
                    options.cuda ? "of other random numbers"
                    : same       ? "as planned"
                                 : "differs from the plan");
      const std::size_t slash = file.rfind('/');
      append(options.results, quoted("./" + file.substr(slash == std::string::npos ? 0 : slash + 1)) + "," +
                                  quoted(plan.at("device").text) + "," + quoted(plan.at("runtime").text) + "," +
                                  planned.at("task").text + "," + line);
    } catch (const std::exception& error) {
      const std::string all = error.what();
      std::cerr << "  skipped: " << all.substr(0, all.find('\n')) << "\n";
    }
  }
}

Options options_of(int count, char** words) {
  Options options;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto value = [&] { return i + 1 < count ? words[++i] : throw std::runtime_error(word + " wants a value"); };
    if (word == "--threads")
      options.threads = std::atoi(value());
    else if (word == "--seconds")
      options.seconds = std::atof(value());
    else if (word == "--cuda")
      options.cuda = true;
    else if (word == "--result-only")
      options.result_only = true;
    else
      files.push_back(word);
  }
  if (files.size() != (options.result_only ? 1U : 2U))
    fail("usage: ridgeline-agent PLAN.json RESULTS.csv [--threads N] [--cuda] [--seconds S] [--result-only]");
  options.plan = files[0];
  if (files.size() > 1) options.results = files[1];
  return options;
}

}  // namespace

int main(int count, char** words) {
  try {
    run_plan(options_of(count, words));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
