// Files of operator graphs: one line an operator, only what differs from the reader's defaults.
#include <fmt/format.h>

#include "model/given_graph.hpp"
#include "model/given_graph_fields.hpp"

namespace ridgeline {
namespace {

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/' || c == '.'; }

/// As YAML reads it back: bare where that is plain, else in double quotes. Bytes that are no ASCII stay as they are.
std::string quoted(const std::string& text) {
  bool plain = !text.empty() && is_plain(text.front()) && text.front() != '.';
  for (const char c : text) plain = plain && (is_plain(c) || (c >= '0' && c <= '9') || c == '-');
  if (plain && text != "null" && text != "true" && text != "false" && text != "yes" && text != "no") return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      result += c;
  }
  return result + "\"";
}

/// Writes what GivenFields visits.
struct FieldWriter {
  std::string text;

  void add(std::string_view key, std::string_view value) { text += fmt::format(", {}: {}", key, value); }
  void size(const char* key, Size& value) { add(key, std::to_string(value)); }
  void size(const char* key, Size& value, Size usual) {
    if (value != usual) add(key, std::to_string(value));
  }
  void count(const char* key, Size& value) { add(key, std::to_string(value)); }
  void count(const char* key, Size& value, Size usual) { size(key, value, usual); }
  void flag(const char* key, bool& value, bool usual) {
    if (value != usual) add(key, value ? "true" : "false");
  }
  void share(const char* key, double& value) {
    if (value != 1) add(key, fmt::format("{}", value));
  }
  template <class Value, std::size_t N>
  void word(const char* key, const char*, const NameTable<Value, N>& table, Value& value) {
    add(key, ridgeline::word(table, value));
  }
};

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quoted(name);
  return "[" + text + "]";
}

std::string operator_line(const GivenOperator& given) {
  FieldWriter fields;
  Operator op = given.op;
  if (is_unknown(op)) {
    fields.add("kind", kUnknownKind);
    fields.add("operator", quoted(given.unknown));
    unknown_fields(fields, std::get<Copy>(op));
  } else {
    fields.add("kind", kGivenKinds.at(op.index()).name);
    std::visit(GivenFields<FieldWriter>{fields}, op);
  }
  if (!given.weights.empty()) fields.add("weights", quoted(given.weights));
  if (given.stored_as) fields.add("stored_as", name(*given.stored_as));
  if (!given.inputs.empty()) fields.add("inputs", list(given.inputs));
  return fmt::format("  - {{name: {}{}}}\n", quoted(given.name), fields.text);
}

std::string numerics_text(const Numerics& numerics) {
  if (numerics == uniform_numerics(numerics.compute)) return std::string(name(numerics.compute));
  return fmt::format("{{weights: {}, activations: {}, compute: {}}}", name(numerics.weights),
                     name(numerics.activations), name(numerics.compute));
}

}  // namespace

std::string to_yaml(const GivenGraph& graph) {
  std::string text = fmt::format("ridgeline: graph\nname: {}\n", quoted(graph.name));
  if (!graph.source.empty()) text += fmt::format("source: {}\n", quoted(graph.source));
  text += fmt::format("task: {}\nbatch: {}\nlength: {}\nprecision: {}\n", name(graph.task), graph.batch, graph.length,
                      numerics_text(graph.numerics));
  if (!graph.inputs.empty()) text += "inputs:\n";
  for (const GivenTensor& tensor : graph.inputs)
    text += fmt::format("  - {{name: {}, elements: {}}}\n", quoted(tensor.name), tensor.elements);
  text += "operators:\n";
  for (const GivenOperator& given : graph.operators) text += operator_line(given);
  if (!graph.outputs.empty()) text += fmt::format("outputs: {}\n", list(graph.outputs));
  return text;
}

}  // namespace ridgeline
