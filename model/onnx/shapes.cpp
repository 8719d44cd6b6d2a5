#include "model/onnx/shapes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "model/onnx/attributes.hpp"
#include "model/onnx/fold.hpp"
#include "model/onnx/inference.hpp"

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;
constexpr int kMostNodes = 1'000'000;

std::unique_ptr<onnx::ModelProto> parse(const std::filesystem::path& file) {
  const auto fail = [&](const char* problem, const char* hint = "") {
    throw InputError({file.string(), 0, 0, ""}, problem, hint);
  };
  std::error_code failed;
  if (std::filesystem::is_directory(file, failed)) fail("this is a folder", "name the .onnx file in it");
  std::ifstream in(file, std::ios::binary);
  if (!in) fail("cannot be opened");
  const auto size = std::filesystem::file_size(file, failed);
  if (!failed && size > static_cast<std::uintmax_t>(std::numeric_limits<int>::max()))
    fail("larger than 2 GiB, which no ONNX file can be", "weights of larger models are stored beside it");
  auto model = std::make_unique<onnx::ModelProto>();
  google::protobuf::io::IstreamInputStream stream(&in);
  google::protobuf::io::CodedInputStream coded(&stream);
  if (!model->ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    fail("this is no ONNX file, or it is damaged");
  if (!model->has_graph() || model->ir_version() < 1) fail("this is no ONNX file: it has no graph");
  if (model->graph().node_size() == 0) fail("its graph has no nodes");
  if (model->graph().node_size() > kMostNodes) fail("its graph has more than a million nodes");
  return model;
}

bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

class Shaper {
 public:
  Shaper(const std::filesystem::path& file, const OnnxQuestions& questions) : file_(file), questions_(questions) {
    model_.proto = parse(file);
    for (const auto& import : model_.proto->opset_import())
      versions_[is_standard(import.domain()) ? "" : import.domain()] = static_cast<int>(import.version());
    if (model_.proto->ir_version() < 3) versions_.try_emplace("", 1);
    for (const auto& value : graph().value_info()) declared_[value.name()] = &value.type();
    for (const auto& value : graph().output()) declared_[value.name()] = &value.type();
    model_.source = fmt::format("{} (ONNX{}{})", file.filename().string(), producer(), opset());
  }

  ShapedModel shape() && {
    for (const auto& tensor : graph().initializer()) add_initializer(tensor.name(), tensor);
    for (const auto& sparse : graph().sparse_initializer()) {
      Proto dense;
      dense.set_data_type(sparse.values().data_type());
      for (const std::int64_t d : sparse.dims()) dense.add_dims(d);
      dense.set_data_location(Proto::EXTERNAL);  // its values are not read
      add_initializer(sparse.values().name(), dense);
    }
    add_inputs();
    for (onnx::NodeProto& node : *model_.proto->mutable_graph()->mutable_node()) add_node(node);
    for (const auto& output : graph().output()) {
      if (const OnnxTensor* tensor = find(output.name()))
        model_.outputs.push_back(tensor);
      else
        fail(fmt::format("its output '{}' is computed by nothing", output.name()));
    }
    if (model_.nodes.empty()) fail("everything in it is known beforehand: nothing is left to run");
    return std::move(model_);
  }

 private:
  const onnx::GraphProto& graph() const { return model_.proto->graph(); }
  std::string producer() const {
    const std::string& name = model_.proto->producer_name();
    const std::string& version = model_.proto->producer_version();
    return name.empty() ? "" : fmt::format(", {}{}{}", name, version.empty() ? "" : " ", version);
  }
  std::string opset() const {
    const auto own = versions_.find("");
    return own == versions_.end() ? "" : fmt::format(", operator set {}", own->second);
  }

  [[noreturn]] void fail(const std::string& problem, const std::string& hint = {}) const {
    throw InputError({file_.string(), 0, 0, ""}, problem, hint);
  }
  [[noreturn]] void fail(const onnx::NodeProto& node, const std::string& problem,
                         const std::string& hint = {}) const {
    const std::string name = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
    throw InputError({file_.string(), 0, 0, fmt::format("{} '{}'", node.op_type(), name)}, problem, hint);
  }

  const OnnxTensor* find(const std::string& name) const {
    const auto found = model_.tensors.find(name);
    return found == model_.tensors.end() ? nullptr : found->second.get();
  }

  static OnnxTensor named(const std::string& name, int type) {
    OnnxTensor tensor;
    tensor.name = name;
    tensor.type = type;
    return tensor;
  }

  /// Makes the tensor known to all that follows.
  OnnxTensor& add(OnnxTensor tensor) {
    tensor.element_bytes = bytes_of_type(tensor.type);
    tensor.format = format_of_type(tensor.type);
    if (tensor.learned) tensor.stored = format_of_type(tensor.stored_type);
    onnx::TypeProto* type = types_owned_.emplace_back(std::make_unique<onnx::TypeProto>()).get();
    type->mutable_tensor_type()->set_elem_type(tensor.type);
    type->mutable_tensor_type()->mutable_shape();
    for (const Size d : tensor.shape) type->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(d);
    types_[tensor.name] = type;
    if (tensor.value) {
      data_owned_.push_back(std::make_unique<Proto>(tensor_of(*tensor.value)));
      data_[tensor.name] = data_owned_.back().get();
    }
    auto& place = model_.tensors[tensor.name];
    if (place) fail(fmt::format("'{}' is computed twice", tensor.name));
    place = std::make_unique<OnnxTensor>(std::move(tensor));
    try {
      place->elements();
    } catch (const Error& error) {
      fail(fmt::format("'{}': {}", place->name, error.what()));
    }
    return *place;
  }

  void add_initializer(const std::string& name, const Proto& tensor) {
    OnnxTensor added = named(name, tensor.data_type());
    added.learned = added.known = true;
    added.root = name;
    added.stored_type = added.type;
    for (const std::int64_t d : tensor.dims()) {
      if (d < 0) fail(fmt::format("the initializer '{}' has a negative size", name));
      added.shape.push_back(d);
    }
    if (auto value = constant_of(tensor)) added.value = std::make_shared<const Constant>(*std::move(value));
    add(std::move(added));
  }

  void add_inputs() {
    std::set<std::string> missing, used;
    for (const auto& input : graph().input()) {
      if (find(input.name())) continue;  // old files list initializers among the inputs
      if (!input.type().has_tensor_type())
        fail(fmt::format("its input '{}' is no tensor", input.name()), "sequences and maps are not supported");
      OnnxTensor tensor = named(input.name(), input.type().tensor_type().elem_type());
      if (const auto given = questions_.shapes.find(input.name()); given != questions_.shapes.end()) {
        tensor.shape = given->second;
      } else {
        if (!input.type().tensor_type().has_shape())
          fail(fmt::format("nothing tells the shape of its input '{}'", input.name()),
               fmt::format("give it: --shape {}=1x128", input.name()));
        const auto& dims = input.type().tensor_type().shape().dim();
        for (int i = 0; i < dims.size(); ++i) tensor.shape.push_back(bound(dims[i], input.name(), i, missing, used));
      }
      if (!missing.empty()) continue;
      model_.inputs.push_back(&add(std::move(tensor)));
    }
    if (!missing.empty()) {
      std::vector<std::string> words;
      for (const std::string& name : missing) words.push_back(fmt::format("--dimension {}=N", name));
      fail(fmt::format("dimensions without a number: {}", fmt::join(missing, ", ")),
           fmt::format("give them: {}", fmt::join(words, " ")));
    }
    for (const auto& [name, value] : questions_.dimensions)
      if (!used.contains(name)) {
        const std::vector<std::string> known(symbols_.begin(), symbols_.end());
        if (known.empty())
          throw InputError({"--dimension", 0, 0, ""},
                           fmt::format("the inputs have no dimension '{}': all are numbers", name));
        throw_unknown_name({"--dimension", 0, 0, ""}, "dimension", name, known);
      }
  }

  /// The number of a dimension of an input; 0 with its name in `missing` where nothing tells it.
  Size bound(const onnx::TensorShapeProto::Dimension& dimension, const std::string& input, int place,
             std::set<std::string>& missing, std::set<std::string>& used) {
    if (dimension.has_dim_value() && dimension.dim_value() > 0) return dimension.dim_value();
    const std::string name = dimension.has_dim_param() && !dimension.dim_param().empty()
                                 ? dimension.dim_param()
                                 : fmt::format("{}.{}", input, place);
    symbols_.insert(name);
    const auto found = questions_.dimensions.find(name);
    if (found == questions_.dimensions.end()) {
      missing.insert(name);
      return 0;
    }
    used.insert(name);
    return found->second;
  }

  void add_node(onnx::NodeProto& node) {
    check(node);
    OnnxNode added{.proto = &node, .standard = is_standard(node.domain())};
    const auto version = versions_.find(added.standard ? "" : node.domain());
    added.version = version == versions_.end() ? 1 : version->second;
    for (const std::string& name : node.input()) {
      const OnnxTensor* tensor = name.empty() ? nullptr : find(name);
      if (!name.empty() && !tensor)
        fail(node, fmt::format("it reads '{}', which nothing before it computes", name),
             "nodes must stand in the order in which they run");
      added.inputs.push_back(tensor);
    }
    const bool looks_up = is_look_up(node, added.inputs);
    if (added.standard && !looks_up && is_known(node, added.inputs)) return;
    infer(node, added, looks_up);
    if (!added.outputs.empty() &&
        std::all_of(added.outputs.begin(), added.outputs.end(), [](const OnnxTensor* t) { return !t || t->known; }))
      return;  // computed once, before the graph runs
    added.name = node.name();
    if (added.name.empty() || names_.contains(added.name)) added.name = node.output(0);
    for (int i = 2; !names_.insert(added.name).second; ++i) added.name = fmt::format("{} {}", node.output(0), i);
    model_.nodes.push_back(std::move(added));
  }

  /// Whether it takes rows of a learned table: that runs, though a runtime may do it once for known rows.
  static bool is_look_up(const onnx::NodeProto& node, const std::vector<const OnnxTensor*>& inputs) {
    return node.op_type() == "Gather" && !inputs.empty() && inputs[0] && inputs[0]->learned &&
           inputs[0]->shape.size() > 1 && Constant::is_real_type(inputs[0]->type);
  }

  void check(const onnx::NodeProto& node) const {
    if (node.output_size() == 0) fail(node, "it computes nothing");
    for (const onnx::AttributeProto& attribute : node.attribute())
      if (attribute.has_g() || attribute.graphs_size() > 0)
        fail(node,
             fmt::format("'{}' runs a graph of its own: what it takes depends on what it computes", node.op_type()),
             "export the model without If, Loop and Scan, for example by tracing it");
  }

  /// Adds the results of a node that can be computed now.
  bool is_known(const onnx::NodeProto& node, const std::vector<const OnnxTensor*>& inputs) {
    std::optional<Constant> result;
    if (node.op_type() == "Shape" && !inputs.empty() && inputs[0]) {
      result = shape_of(node, inputs[0]->shape);
    } else if (node.op_type() == "Size" && !inputs.empty() && inputs[0]) {
      result = Constant{Proto::INT64, {}, {inputs[0]->elements()}, {}};
    } else if (const auto* value = find_attribute(node, "value"); node.op_type() == "Constant" && value) {
      add_initializer(node.output(0), value->t());
      return true;
    } else {
      std::vector<const Constant*> values;
      for (const OnnxTensor* input : inputs) {
        if (input && !input->value) return false;
        values.push_back(input ? input->value.get() : nullptr);
      }
      result = fold(node, values);
    }
    if (!result) return false;
    OnnxTensor tensor = named(node.output(0), result->type);
    tensor.shape = result->shape;
    tensor.known = true;
    inherit(tensor, node, inputs);
    tensor.value = std::make_shared<const Constant>(*std::move(result));
    add(std::move(tensor));
    return true;
  }

  static Constant shape_of(const onnx::NodeProto& node, const std::vector<Size>& shape) {
    const auto rank = static_cast<std::int64_t>(shape.size());
    const auto place = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
    const std::int64_t start = place(attribute(node, "start", 0)), end = place(attribute(node, "end", rank));
    Constant c{Proto::INT64, {std::max<Size>(end - start, 0)}, {}, {}};
    for (std::int64_t i = start; i < end; ++i) c.whole.push_back(shape[static_cast<std::size_t>(i)]);
    return c;
  }

  /// Results of learned tensors alone are learned, and come from the largest of them.
  static void inherit(OnnxTensor& result, const onnx::NodeProto& node, const std::vector<const OnnxTensor*>& inputs) {
    const OnnxTensor* largest = nullptr;
    result.known = !inputs.empty() || node.op_type() == "Constant";
    for (const OnnxTensor* input : inputs) {
      if (!input) continue;
      result.known = result.known && input->known;
      if (input->learned && (!largest || input->elements() > largest->elements())) largest = input;
    }
    result.learned = result.known && largest != nullptr;
    if (!result.learned) return;
    result.root = largest->root;
    result.stored_type = node.op_type() == "Cast" ? result.type : largest->stored_type;
  }

  /// Adds the results of a node that runs.
  void infer(onnx::NodeProto& node, OnnxNode& added, bool runs) {
    onnx::shape_inference::InferenceContextImpl context(node, types_, data_, {});
    const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Instance()->GetSchema(node.op_type(), added.version,
                                                                                 added.standard ? "" : node.domain());
    std::string why;
    if (schema) {
      try {
        if (schema->has_type_and_shape_inference_function())
          schema->GetTypeAndShapeInferenceFunction()(context);
        else if (schema->HasFunction())
          onnx::shape_inference::InferShapeForFunctionNode(*schema->GetFunction(), onnx::OpSchemaRegistry::Instance(),
                                                           context);
      } catch (const std::exception& error) {
        why = error.what();
        why = why.substr(0, why.find('\n'));
      }
    }
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) {
        added.outputs.push_back(nullptr);
        continue;
      }
      OnnxTensor tensor = named(node.output(i), Proto::FLOAT);
      const onnx::TypeProto& type = context.allOutputTypes_[static_cast<std::size_t>(i)];
      if (type.value_case() != onnx::TypeProto::VALUE_NOT_SET && !type.has_tensor_type())
        fail(node, fmt::format("'{}' is no tensor", tensor.name), "sequences and maps are not supported");
      if (type.has_tensor_type() && type.tensor_type().elem_type() != Proto::UNDEFINED)
        tensor.type = type.tensor_type().elem_type();
      else if (!added.inputs.empty() && added.inputs[0])
        tensor.type = added.inputs[0]->type;
      if (auto own = added.standard ? own_shape(node, added.inputs, i) : std::nullopt) {
        tensor.shape = *std::move(own);
      } else if (!why.empty()) {
        fail(node, fmt::format("its operands do not fit: {}", why));
      } else if (!take(type, tensor) && !take_declared(tensor)) {
        const char* about =
            schema ? "what it computes depends on values that are not known beforehand"
                   : "this operator is not ONNX's own, and the file does not say how large its result is";
        fail(node, fmt::format("nothing tells the shape of '{}': {}", tensor.name, about),
             fmt::format("give it: --shape {}=1x128x768", tensor.name));
      }
      if (!runs) inherit(tensor, node, added.inputs);
      added.outputs.push_back(&add(std::move(tensor)));
    }
  }

  /// Whether the type tells everything.
  static bool take(const onnx::TypeProto& type, OnnxTensor& tensor) {
    if (!type.has_tensor_type() || !type.tensor_type().has_shape()) return false;
    std::vector<Size> shape;
    for (const auto& d : type.tensor_type().shape().dim()) {
      if (!d.has_dim_value() || d.dim_value() < 0) return false;
      shape.push_back(d.dim_value());
    }
    tensor.shape = std::move(shape);
    if (type.tensor_type().elem_type() != Proto::UNDEFINED) tensor.type = type.tensor_type().elem_type();
    return true;
  }

  /// What --shape says, else the file, its symbols bound.
  bool take_declared(OnnxTensor& tensor) const {
    const auto found = declared_.find(tensor.name);
    const onnx::TypeProto* type = found == declared_.end() ? nullptr : found->second;
    if (type && type->has_tensor_type() && type->tensor_type().elem_type() != Proto::UNDEFINED)
      tensor.type = type->tensor_type().elem_type();
    if (const auto given = questions_.shapes.find(tensor.name); given != questions_.shapes.end()) {
      tensor.shape = given->second;
      return true;
    }
    if (!type || !type->has_tensor_type() || !type->tensor_type().has_shape()) return false;
    onnx::TypeProto all = *type;
    for (auto& d : *all.mutable_tensor_type()->mutable_shape()->mutable_dim()) {
      const auto known = questions_.dimensions.find(d.dim_param());
      if (d.has_dim_param() && known != questions_.dimensions.end()) d.set_dim_value(known->second);
    }
    return take(all, tensor);
  }

  std::filesystem::path file_;
  const OnnxQuestions& questions_;
  ShapedModel model_;
  std::unordered_map<std::string, int> versions_;
  std::unordered_map<std::string, const onnx::TypeProto*> declared_;
  std::set<std::string> symbols_, names_;
  // What ONNX's inference reads.
  std::unordered_map<std::string, onnx::TypeProto*> types_;
  std::unordered_map<std::string, const Proto*> data_;
  std::vector<std::unique_ptr<onnx::TypeProto>> types_owned_;
  std::vector<std::unique_ptr<Proto>> data_owned_;
};

}  // namespace

ShapedModel read_onnx(const std::filesystem::path& file, const OnnxQuestions& questions) {
  return Shaper(file, questions).shape();
}

}  // namespace ridgeline
