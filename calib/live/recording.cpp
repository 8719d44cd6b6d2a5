#include "calib/live/recording.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "calib/live/execution.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::ordered_json;
using WeakTensor = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

/// Numbers of tensors, and calls by section. The weak references keep an address from being used again for another
/// tensor, and tell when one has died; they hold no memory of numbers.
class Recorder {
 public:
  void begin(const at::RecordFunction& function) {
    if (depth_++ > 0) return;
    const auto name = function.operator_name();
    if (!name) return;  // not a call of an operator
    const auto schema = c10::Dispatcher::singleton().findSchema(*name);
    if (!schema) return;
    note_deaths();
    Json arguments = Json::array();
    for (const c10::IValue& value : function.inputs()) arguments.push_back(written(value));
    calls_->push_back({number_of(*name, schema->schema()), std::move(arguments), Json::array(), Json::array()});
    open_ = true;
  }

  void end(const at::RecordFunction& function) {
    if (--depth_ > 0 || !open_) return;
    open_ = false;
    Json& results = calls_->back()[2];
    for (const c10::IValue& value : function.outputs()) {
      if (value.isTensor()) {
        results.push_back(new_number(value.toTensor()));
      } else if (value.isTensorList()) {
        Json many = Json::array();
        for (const at::Tensor& tensor : value.toTensorVector()) many.push_back(new_number(tensor));
        results.push_back({{"ts", many}});
      } else {
        results.push_back(nullptr);
      }
    }
  }

  /// From here on calls belong to the run; what is there already stays for every run.
  void start_run() {
    calls_ = &run_;
    first_of_run_ = static_cast<std::int64_t>(tensors_.size());
  }
  /// From here on they only look at its result.
  void end_run() {
    note_deaths();
    calls_ = &look_;
  }

  void failed(const std::string& why) {
    if (why_.empty()) why_ = why;
  }

  Json finished(std::uint64_t seed) const {
    if (!why_.empty()) throw Error("the calls of this model cannot be written down: " + why_);
    return {{"operators", operators_}, {"seed", seed}, {"setup", setup_}, {"run", run_}};
  }
  /// The tensor that was looked at first.
  std::int64_t result() const { return look_.at(0).at(1).at(0).at("t"); }

 private:
  std::int64_t known_number(const at::Tensor& tensor) {
    const auto found = by_address_.find(tensor.unsafeGetTensorImpl());
    if (found != by_address_.end()) return found->second;
    throw Error("a tensor that no call has made");
  }

  std::size_t number_of(const c10::OperatorName& name, const c10::FunctionSchema& schema) {
    const auto [found, is_new] = operator_numbers_.try_emplace({name.name, name.overload_name}, operators_.size());
    if (is_new) {
      Json arguments = Json::array();
      for (const c10::Argument& argument : schema.arguments()) arguments.push_back(argument.name());
      operators_.push_back({name.name, name.overload_name, arguments});
    }
    return found->second;
  }

  Json tensor_number(const at::Tensor& tensor) {
    return tensor.defined() ? Json(known_number(tensor)) : Json(nullptr);
  }

  std::int64_t new_number(const at::Tensor& tensor) {
    if (!tensor.defined()) return -1;
    const auto [found, is_new] =
        by_address_.try_emplace(tensor.unsafeGetTensorImpl(), static_cast<std::int64_t>(tensors_.size()));
    if (is_new) {
      tensors_.emplace_back(tensor.getIntrusivePtr());
      alive_.push_back(found->second);
    }
    return found->second;
  }

  /// To the last call: those of the run that nobody holds any more.
  void note_deaths() {
    std::erase_if(alive_, [&](std::int64_t number) {
      if (!tensors_[static_cast<std::size_t>(number)].expired()) return false;
      if (calls_ == &run_ && number >= first_of_run_ && !run_.empty()) run_.back()[3].push_back(number);
      return true;
    });
  }

  Json written(const c10::IValue& value) {
    if (value.isNone()) return nullptr;
    if (value.isTensor())
      return value.toTensor().defined() ? Json{{"t", known_number(value.toTensor())}} : Json(nullptr);
    if (value.isBool()) return value.toBool();
    if (value.isInt()) return value.toInt();
    if (value.isDouble()) return {{"d", fmt::format("{:a}", value.toDouble())}};
    if (value.isString()) return {{"s", value.toStringRef()}};
    if (value.isDevice()) return {{"device", ""}};
    if (!value.isList()) throw Error("an argument of the kind " + value.tagKind());
    Json list = Json::array();
    bool of_tensors = false;
    for (const c10::IValue& one : value.toListRef()) {
      of_tensors = of_tensors || one.isTensor();
      list.push_back(one.isTensor() ? tensor_number(one.toTensor()) : written(one));
    }
    return of_tensors ? Json{{"ts", std::move(list)}} : list;
  }

  int depth_ = 0;
  bool open_ = false;
  std::string why_;
  Json operators_ = Json::array(), setup_ = Json::array(), run_ = Json::array(), look_ = Json::array();
  Json* calls_ = &setup_;
  std::map<std::pair<std::string, std::string>, std::size_t> operator_numbers_;
  std::map<const c10::TensorImpl*, std::int64_t> by_address_;
  std::vector<WeakTensor> tensors_;  // by number
  std::vector<std::int64_t> alive_;  // numbers
  std::int64_t first_of_run_ = 0;
};

/// Whom the observer of this thread tells: libtorch takes plain functions.
thread_local Recorder* listening = nullptr;

std::unique_ptr<at::ObserverContext> begin_call(const at::RecordFunction& function) {
  try {
    if (listening != nullptr) listening->begin(function);
  } catch (const std::exception& error) {
    listening->failed(error.what());  // libtorch would swallow it
  }
  return nullptr;
}

void end_call(const at::RecordFunction& function, at::ObserverContext*) {
  if (listening != nullptr) listening->end(function);
}

class Listening {
 public:
  explicit Listening(Recorder& recorder)
      : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(begin_call, end_call)
                                               .needsInputs(true)
                                               .needsOutputs(true)
                                               .scopes({at::RecordScope::FUNCTION}))) {
    listening = &recorder;
  }
  ~Listening() {
    at::removeCallback(handle_);
    listening = nullptr;
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  at::CallbackHandle handle_;
};

double mean_of_absolute_values(const HostTensor& tensor) {
  double sum = 0;
  for (const float x : tensor.values) sum += std::abs(static_cast<double>(x));
  return tensor.values.empty() ? 0 : sum / static_cast<double>(tensor.values.size());
}

}  // namespace

std::string record_calls(const Model& model, const Workload& workload, std::uint64_t seed) {
  if (workload.task == Task::train) throw Error("training cannot be written down as calls");
  Recorder recorder;
  HostTensor result;
  {
    const Listening here(recorder);
    const at::NoGradGuard no_gradients;
    Execution execution(model, workload, {.seed = seed});
    execution.run();
    recorder.start_run();
    execution.run();
    recorder.end_run();
    result = execution.result();
  }
  Json json = recorder.finished(seed);
  json["result"] = {{"tensor", recorder.result()}, {"mean", fmt::format("{:a}", mean_of_absolute_values(result))}};
  return json.dump();
}

}  // namespace ridgeline
