// Builds a Node from the events of yaml-cpp's and nlohmann-json's streaming parsers.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "base/document.hpp"
#include "base/file.hpp"

namespace ridgeline {

/// Puts values into the innermost open map or list; both parsers drive it.
class DocumentBuilder {
 public:
  using Position = Node::Position;
  explicit DocumentBuilder(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

  void open(Node::Kind kind, Position at, std::size_t anchor = 0) {
    // Deeper files are accidents or attacks, and Node is destroyed recursively.
    if (open_.size() == kDepth) fail(at, fmt::format("nested deeper than {} levels", kDepth));
    open_.push_back({make(kind, {}, at), anchor, {}, {}, false});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }
  void scalar(std::string text, Position at, std::size_t anchor = 0) {
    add(make(Node::Kind::scalar, std::move(text), at), anchor);
  }
  void null(Position at, std::size_t anchor = 0) {
    // yaml-cpp places an omitted value at whatever follows it; its key is the better place.
    if (!open_.empty() && open_.back().has_key && at.line != open_.back().key_position.line)
      at = open_.back().key_position;
    add(make(Node::Kind::null, {}, at), anchor);
  }

  bool expects_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key; }
  void key(std::string text, Position at) {
    Open& map = open_.back();
    const auto& keys = map.node.keys_;
    const auto first = std::find(keys.begin(), keys.end(), text);
    if (first != keys.end())
      fail(at, fmt::format("duplicate key '{}'", text),
           fmt::format("it stands first on line {}", map.node.key_positions_[first - keys.begin()].line));
    map.key = std::move(text);
    map.key_position = at;
    map.has_key = true;
  }
  /// A copy of the value that was marked with this anchor.
  void alias(std::size_t anchor, Position at) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(at, "an alias cannot stand inside the value it names");
    copied_ += count(found->second);
    if (copied_ > kCopies) fail(at, fmt::format("aliases expand to more than {} values", kCopies));
    Node copy = found->second;
    relocate(copy, next_path());
    add(std::move(copy), 0);
  }

  [[noreturn]] void fail(Position at, std::string_view problem, std::string_view hint = {}) const {
    throw InputError({*file_, at.line, at.column, open_.empty() ? std::string() : open_.back().node.path_}, problem,
                     hint);
  }
  Node finish() {
    if (root_.is_null()) throw InputError({*file_, 0, 0, {}}, "the file is empty");
    return std::move(root_);
  }

 private:
  static constexpr std::size_t kDepth = 200;
  static constexpr std::size_t kCopies = 100'000;

  struct Open {
    Node node;
    std::size_t anchor = 0;
    std::string key;
    Position key_position;
    bool has_key = false;
  };

  std::string next_path() const {
    if (open_.empty()) return {};
    const Open& parent = open_.back();
    if (parent.node.is_sequence()) return join(parent.node.path_, std::to_string(parent.node.children_.size()));
    return join(parent.node.path_, parent.key);
  }
  /// Complaints about {value: ..., source: ...} name the key that the value belongs to.
  static std::string join(const std::string& parent, const std::string& name) {
    if (parent.empty()) return name;
    return name == "value" ? parent : parent + "." + name;
  }
  Node make(Node::Kind kind, std::string text, Position at) const {
    Node node;
    node.kind_ = kind;
    node.text_ = std::move(text);
    node.file_ = file_;
    node.path_ = next_path();
    node.line_ = at.line;
    node.column_ = at.column;
    return node;
  }
  void add(Node node, std::size_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_map()) {
      parent.node.keys_.push_back(std::move(parent.key));
      parent.node.key_positions_.push_back(parent.key_position);
      parent.has_key = false;
    }
    parent.node.children_.push_back(std::move(node));
  }
  static std::size_t count(const Node& node) {
    std::size_t total = 1;
    for (const Node& child : node.children_) total += count(child);
    return total;
  }
  static void relocate(Node& node, const std::string& path) {
    node.path_ = path;
    for (std::size_t i = 0; i < node.children_.size(); ++i)
      relocate(node.children_[i], join(path, node.is_map() ? node.keys_[i] : std::to_string(i)));
  }

  std::shared_ptr<const std::string> file_;
  std::vector<Open> open_;
  Node root_;
  std::unordered_map<std::size_t, Node> anchors_;
  std::size_t copied_ = 0;
};

namespace {

using Position = DocumentBuilder::Position;

class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(DocumentBuilder& builder) : builder_(builder) {}
  static Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    forbid_as_key(mark);
    builder_.null(position(mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    forbid_as_key(mark);
    builder_.alias(anchor, position(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    if (builder_.expects_key())
      builder_.key(value, position(mark));
    else
      builder_.scalar(value, position(mark), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    forbid_as_key(mark);
    builder_.open(Node::Kind::sequence, position(mark), anchor);
  }
  void OnSequenceEnd() override { builder_.close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    forbid_as_key(mark);
    builder_.open(Node::Kind::map, position(mark), anchor);
  }
  void OnMapEnd() override { builder_.close(); }

 private:
  void forbid_as_key(const YAML::Mark& mark) const {
    if (builder_.expects_key()) builder_.fail(position(mark), "a key must be plain text");
  }
  DocumentBuilder& builder_;
};

void read_yaml(std::string_view text, DocumentBuilder& builder) {
  std::istringstream stream{std::string(text)};
  YamlEvents events(builder);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(events);
    if (parser) builder.fail({}, "more than one document in the file");
  } catch (const YAML::Exception& error) {
    const Position at = error.mark.is_null() ? Position{} : YamlEvents::position(error.mark);
    builder.fail(at, fmt::format("malformed YAML: {}", error.msg));
  }
}

/// nlohmann's events carry no positions, so this walks through the text token by token in step with them.
class JsonEvents {
 public:
  JsonEvents(std::string_view text, DocumentBuilder& builder) : text_(text), builder_(builder) {}

  bool null() { return builder_.null(next()), true; }
  bool boolean(bool) { return literal(); }
  bool number_integer(std::int64_t) { return literal(); }
  bool number_unsigned(std::uint64_t) { return literal(); }
  bool number_float(double, const std::string&) { return literal(); }
  bool string(std::string& value) { return builder_.scalar(std::move(value), next()), true; }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // not part of JSON text
  bool key(std::string& value) { return builder_.key(std::move(value), next()), true; }
  bool start_object(std::size_t) { return builder_.open(Node::Kind::map, next()), true; }
  bool start_array(std::size_t) { return builder_.open(Node::Kind::sequence, next()), true; }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error ...": we write the place.
    std::string_view what = error.what();
    if (const auto place = what.find("column "); place != std::string_view::npos)
      what.remove_prefix(what.find(": ", place) + 2);
    const std::size_t offset = std::min(position > 0 ? position - 1 : 0, text_.size());
    advance(std::max(offset, cursor_));
    builder_.fail(here(), fmt::format("malformed JSON: {}", what));
  }

 private:
  Position here() const { return {line_, static_cast<int>(cursor_ - line_start_) + 1}; }
  void advance(std::size_t to) {
    for (; cursor_ < to; ++cursor_) {
      if (text_[cursor_] != '\n') continue;
      ++line_;
      line_start_ = cursor_ + 1;
    }
  }
  /// Steps over the next token, which the parser has found well-formed; returns where it began.
  Position next() {
    constexpr std::string_view between = " \t\r\n,:\xEF\xBB\xBF";  // with the UTF-8 byte order mark
    advance(std::min(text_.find_first_not_of(between, cursor_), text_.size()));
    const Position at = here();
    token_start_ = cursor_;
    std::size_t end = cursor_ + 1;
    if (text_[cursor_] == '"') {
      while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      ++end;
    } else if (std::string_view("{}[]").find(text_[cursor_]) == std::string_view::npos) {
      end = std::min(text_.find_first_of(" \t\r\n,:{}[]", cursor_), text_.size());
    }
    advance(end);
    return at;
  }
  bool literal() {
    const Position at = next();
    builder_.scalar(std::string(text_.substr(token_start_, cursor_ - token_start_)), at);
    return true;
  }
  bool close() {
    next();
    builder_.close();
    return true;
  }

  std::string_view text_;
  DocumentBuilder& builder_;
  std::size_t cursor_ = 0;
  std::size_t token_start_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace

Node parse_document(std::string_view text, std::string name, bool json) {
  DocumentBuilder builder(std::make_shared<const std::string>(std::move(name)));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return builder.finish();
  if (json) {
    JsonEvents events(text, builder);
    nlohmann::json::sax_parse(text, &events);
  } else {
    read_yaml(text, builder);
  }
  return builder.finish();
}

Node read_document(const std::filesystem::path& file) {
  return parse_document(read_file(file), file.string(), file.extension() == ".json");
}

}  // namespace ridgeline
