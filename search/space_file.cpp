#include "search/space_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "search/family.hpp"
#include "search/space_files.hpp"

namespace ridgeline {
namespace {

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> values;
  for (const Node& item : list.items()) values.push_back(item.text());
  return values;
}

bool is_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<int> counts(const Node& list) {
  std::vector<int> values;
  for (const Node& item : list.items()) values.push_back(static_cast<int>(item.integer_in(1, 64)));
  return values;
}

/// What `make` complains about, with the place of `node`.
template <class Make>
auto at_place(const Node& node, Make make) {
  try {
    return make();
  } catch (const InputError& error) {
    if (!error.location().file.empty()) throw;
    node.fail(error.what());
  } catch (const Error& error) {
    node.fail(error.what());
  }
}

Domain parse_domain(const Node& node) {
  return at_place(node, [&]() -> Domain {
    if (const Node* list = node.find("one_of")) {
      OneOf domain{texts(*list)};
      domain.ordered = std::ranges::all_of(domain.values, is_number);
      return Domain(std::move(domain));
    }
    if (const Node* list = node.find("multiset_of")) return Domain(Multiset{texts(*list), counts(node.at("count"))});
    if (const Node* list = node.find("sequence_of")) return Domain(Sequence{texts(*list), counts(node.at("count"))});
    node.fail("a choice needs one_of, multiset_of or sequence_of");
  });
}

std::vector<Choice> parse_choices(const Node& map) {
  std::vector<Choice> choices;
  for (const std::string& name : map.keys()) {
    const Node& node = map.at(name);
    node.allow_only({"one_of", "multiset_of", "sequence_of", "count", "when"});
    Choice& choice = choices.emplace_back(Choice{name, parse_domain(node)});
    const Node* when = node.find("when");
    if (when == nullptr) continue;
    const std::vector<std::string> on = when->keys();
    if (on.size() != 1) when->fail(fmt::format("expected one choice that it depends on, found {}", on.size()));
    const auto earlier = std::find_if(choices.begin(), choices.end() - 1,
                                      [&](const Choice& other) { return other.name == on.front(); });
    if (earlier == choices.end() - 1) when->fail(fmt::format("there is no choice '{}' before this one", on.front()));
    if (!std::holds_alternative<OneOf>(earlier->domain.kind()))
      when->fail(fmt::format("'{}' is not a choice of one of a list", on.front()));
    const Node& values = when->at(on.front());
    choice.when = When{on.front(), {}};
    for (const std::string& value : values.is_sequence() ? texts(values) : std::vector{values.text()})
      choice.when->values.push_back(at_place(values, [&] { return earlier->domain.gene_of(value); }));
  }
  return choices;
}

Workload parse_workload(const Node& node) {
  node.allow_only({"task", "length", "new_tokens", "beams", "reorder_beams"});
  Workload workload;
  const Node& task = node.at("task");
  std::vector<std::string> names;
  bool known = false;
  for (const Task one : {Task::encode, Task::prefill, Task::decode_step, Task::generate}) {
    names.emplace_back(name(one));
    if (task.text() == name(one)) workload.task = one, known = true;
  }
  if (!known) throw_unknown_name(task.location(), "task", task.text(), names);
  workload.length = node.at("length").integer_in(1, 1'000'000);
  if (const Node* n = node.find("new_tokens")) workload.new_tokens = n->integer_in(1, 1'000'000);
  if (const Node* n = node.find("beams")) workload.beams = n->integer_in(1, 64);
  if (const Node* n = node.find("reorder_beams")) workload.reorder_beams = n->boolean();
  if ((workload.task == Task::generate) != (workload.new_tokens > 0))
    node.fail("new_tokens goes with the task generate, and with no other");
  return workload;
}

DeploymentRequest parse_deployment(const Node& node) {
  node.allow_only({"devices", "clocks", "precisions", "batches", "vary"});
  DeploymentRequest request;
  const auto read = [&](const char* key, std::vector<std::string>& into) {
    const Node* list = node.find(key);
    if (list == nullptr) return;
    into = list->is_sequence() ? texts(*list) : std::vector{list->text()};
    if (into.empty()) list->fail("an empty list");
  };
  read("devices", request.devices);
  read("clocks", request.clocks);
  read("precisions", request.precisions);
  if (const Node* list = node.find("batches")) {
    request.batches.clear();
    for (const Node& item : list->items()) request.batches.push_back(item.integer_in(1, 1'000'000));
    if (request.batches.empty()) list->fail("an empty list");
  }
  if (const Node* map = node.find("vary"))
    for (const std::string& key : map->keys()) {
      const Node& range = map->at(key);
      request.variables.push_back(at_place(range, [&] { return parse_variable(key + "=" + range.text()); }));
    }
  return request;
}

std::string short_name(const EmbeddedFile& file) {
  const std::size_t slash = file.name.rfind('/');
  return std::string(file.name.substr(slash + 1, file.name.size() - slash - 1 - std::string_view(".yaml").size()));
}

}  // namespace

SpaceDescription parse_space(const Node& document) {
  document.allow_only(
      {"ridgeline", "name", "title", "source", "family", "workload", "choices", "repeated", "deployments"});
  if (document.at("ridgeline").text() != "space") document.at("ridgeline").fail("expected 'space'");
  SpaceDescription space;
  space.name = document.at("name").text();
  space.title = document.at("title").text();
  space.source = document.at("source").text();
  space.family = document.at("family").text();
  space.workload = parse_workload(document.at("workload"));
  space.choices = parse_choices(document.at("choices"));
  if (const Node* repeated = document.find("repeated"))
    for (const std::string& name : repeated->keys()) {
      const Node& group = repeated->at(name);
      group.allow_only({"times", "choices"});
      space.groups.push_back({name, group.at("times").text(), parse_choices(group.at("choices"))});
    }
  if (const Node* deployments = document.find("deployments"))
    for (const Node& item : deployments->items()) space.deployments.push_back(parse_deployment(item));
  if (space.deployments.empty()) space.deployments.emplace_back();
  // Contradictions show when the space is put together: say so here, where the file is known.
  at_place(document, [&] {
    const Space whole = make_space(space);
    make_family(space.family, whole);
    return 0;
  });
  return space;
}

SpaceDescription parse_space_text(std::string text, const std::string& name) {
  SpaceDescription space = parse_space(parse_document(text, name));
  space.text = std::move(text);
  return space;
}

std::vector<std::string> space_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : space_files()) names.push_back(short_name(file));
  return names;
}

SpaceDescription load_space(std::string_view name_or_path) {
  if (name_or_path.find('/') != std::string_view::npos || name_or_path.ends_with(".yaml")) {
    const std::string path(name_or_path);
    SpaceDescription space = parse_space(read_document(path));
    std::ifstream file(path, std::ios::binary);
    space.text.assign(std::istreambuf_iterator<char>(file), {});
    return space;
  }
  for (const EmbeddedFile& file : space_files())
    if (short_name(file) == name_or_path) return parse_space_text(std::string(file.text), std::string(file.name));
  throw_unknown_name({}, "space", name_or_path, space_names());
}

Space make_space(const SpaceDescription& description, const Rows& deployments) {
  std::vector<Choice> choices;
  if (!deployments.rows.empty()) choices.push_back({"deployment", Domain(deployments)});
  choices.insert(choices.end(), description.choices.begin(), description.choices.end());
  return Space(description.name, std::move(choices), description.groups);
}

}  // namespace ridgeline
