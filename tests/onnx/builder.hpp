// ONNX models made by tests, without Python: nodes one after the other, weights stated by size alone (they claim to
// stand in another file, which is not there).
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <variant>
#include <vector>

#include "model/operators.hpp"
#include "tests/support.hpp"

namespace ridgeline {

class OnnxBuilder {
 public:
  using Dimension = std::variant<Size, std::string>;  ///< a number or a symbol

  explicit OnnxBuilder(int opset = 14) {
    model_.set_ir_version(7);
    model_.set_producer_name("test");
    import("", opset);
    graph().set_name("graph");
  }

  void import(const std::string& domain, int version) {
    auto* import = model_.add_opset_import();
    import->set_domain(domain);
    import->set_version(version);
  }
  onnx::ModelProto& model() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  std::string input(const std::string& name, const std::vector<Dimension>& shape,
                    int type = onnx::TensorProto::FLOAT) {
    fill(*graph().add_input(), name, shape, type);
    return name;
  }
  void output(const std::string& name, const std::vector<Dimension>& shape = {},
              int type = onnx::TensorProto::FLOAT) {
    fill(*graph().add_output(), name, shape, type);
  }
  void value(const std::string& name, const std::vector<Dimension>& shape, int type = onnx::TensorProto::FLOAT) {
    fill(*graph().add_value_info(), name, shape, type);
  }

  std::string weights(const std::string& name, const std::vector<Size>& shape, int type = onnx::TensorProto::FLOAT) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const Size d : shape) tensor.add_dims(d);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto* where = tensor.add_external_data();
    where->set_key("location");
    where->set_value("weights.bin");
    return name;
  }
  std::string integers(const std::vector<std::int64_t>& values, bool scalar = false) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name("constant_" + std::to_string(graph().initializer_size()));
    tensor.set_data_type(onnx::TensorProto::INT64);
    if (!scalar) tensor.add_dims(static_cast<Size>(values.size()));
    for (const std::int64_t v : values) tensor.add_int64_data(v);
    return tensor.name();
  }
  std::string number(float value) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name("constant_" + std::to_string(graph().initializer_size()));
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_float_data(value);
    return tensor.name();
  }

  /// Adds a node of one result; returns its name.
  std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& label = "") {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    for (const std::string& name : inputs) node.add_input(name);
    node.set_name(label.empty() ? op + "_" + std::to_string(graph().node_size()) : label);
    node.add_output(node.name() + "_out");
    return node.output(0);
  }
  onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }
  OnnxBuilder& set(const std::string& name, std::int64_t value) {
    onnx::AttributeProto& a = attribute(name, onnx::AttributeProto::INT);
    a.set_i(value);
    return *this;
  }
  OnnxBuilder& set(const std::string& name, const std::vector<std::int64_t>& values) {
    onnx::AttributeProto& a = attribute(name, onnx::AttributeProto::INTS);
    for (const std::int64_t v : values) a.add_ints(v);
    return *this;
  }
  OnnxBuilder& set(const std::string& name, const std::string& text) {
    attribute(name, onnx::AttributeProto::STRING).set_s(text);
    return *this;
  }

  std::string bytes() const { return model_.SerializeAsString(); }
  std::string write(const TemporaryFolder& folder, const std::string& name = "model.onnx") const {
    return folder.write(name, bytes());
  }

 private:
  onnx::AttributeProto& attribute(const std::string& name, onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& a = *last().add_attribute();
    a.set_name(name);
    a.set_type(type);
    return a;
  }
  static void fill(onnx::ValueInfoProto& value, const std::string& name, const std::vector<Dimension>& shape,
                   int type) {
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    if (shape.empty()) return;
    for (const Dimension& d : shape) {
      auto& dim = *tensor.mutable_shape()->add_dim();
      if (const Size* size = std::get_if<Size>(&d))
        dim.set_dim_value(*size);
      else
        dim.set_dim_param(std::get<std::string>(d));
    }
  }

  onnx::ModelProto model_;
};

}  // namespace ridgeline
